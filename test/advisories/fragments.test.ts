/**
 * Endless fragments, and tiny ones: a message that never ends, and bytes that cost an object each.
 *
 * Endless: CVE-2026-42786 (Bandit: the sum was unlimited), CVE-2026-47073 (hackney: continuation
 * buffer). Tiny: CVE-2026-48779 / GHSA-96hv-2xvq-fx4p (ws < 8.21), empty fragments that escaped the
 * count (ws#2329).
 */

import { describe, expect, it } from 'vitest'

import { Frame, TooManyFragmentsError } from '../../src/index.ts'
import { settled } from '../support/memory-world.ts'
import { clientFrame } from '../support/peer.ts'
import { defaultSession } from '../support/session.ts'

/** The beginning of a message, and `count` more fragments of `payload`. */
function fragments(count: number, payload: Uint8Array): Uint8Array {
  const first = clientFrame('binary', payload, { fin: false })
  const next = clientFrame('continuation', payload, { fin: false })
  const bytes = new Uint8Array(first.length + next.length * count)
  bytes.set(first)
  for (let index = 0; index < count; index++) bytes.set(next, first.length + next.length * index)
  return bytes
}

const NOTHING = new Uint8Array(0)

describe('advisory: endless fragments', () => {
  it('the sum of a message that never ends is limited', async () => {
    const { peer, heard } = defaultSession({ maxMessageSize: 10_000 })
    peer.send(fragments(9, new Uint8Array(1000)))
    await settled()
    expect(heard.limits).toEqual([])

    peer.send(clientFrame('continuation', 'x', { fin: false }))

    expect(await peer.rest()).toBe('88 02 03 f1')
    expect(heard.limitNames).toEqual(['maxMessageSize'])
    expect(heard.limits[0]).toMatchObject({ size: 10_001, limit: 10_000 })
  })

  it('what has been gathered is counted, and let go when the session ends', async () => {
    const { session, peer } = defaultSession()
    peer.send(fragments(99, new Uint8Array(1000)))
    await settled()
    expect(session.heldBytes).toBeGreaterThanOrEqual(100_000)
    expect(session.heldBytes).toBeLessThan(200_000)
  })
})

describe('advisory: tiny fragments and chunks', () => {
  it('as many fragments as allowed make a message', async () => {
    const { session, peer } = defaultSession({ maxFragments: 100 })
    peer.send(fragments(98, new Uint8Array(1)))
    peer.send(clientFrame('continuation', 'x'))

    expect((await session.incoming.receive()).buffer.length).toBe(100)
  })

  it.each([
    ['of one byte', new Uint8Array(1)],
    ['that are empty', NOTHING],
  ])('one fragment more ends the session with 1008, of those %s', async (_, payload) => {
    const { session, peer, heard } = defaultSession({ maxFragments: 100 })
    peer.send(fragments(99, payload))
    await settled()
    expect(heard.limits).toEqual([])

    peer.send(clientFrame('continuation', payload))

    expect(await peer.rest()).toBe('88 02 03 f0')
    await expect(session.incoming.receive()).rejects.toBeInstanceOf(TooManyFragmentsError)
    expect(heard.limitNames).toEqual(['maxFragments'])
  })

  it('65552 fragments are read by default, and one more is not', async () => {
    const { session, peer, heard } = defaultSession()
    peer.send(fragments(65_550, NOTHING))
    peer.send(clientFrame('continuation', 'x'))
    expect((await session.incoming.receive()).buffer.length).toBe(1)

    peer.send(fragments(65_551, NOTHING))
    peer.send(clientFrame('continuation', 'x'))
    await settled()

    expect(heard.limitNames).toEqual(['maxFragments'])
  })

  it('fragments of one byte cost their bytes, and no object each', async () => {
    const { session, peer } = defaultSession()
    peer.send(fragments(59_999, new Uint8Array(1)))
    await settled()

    expect(session.heldBytes).toBeLessThan(60_000 * 2)
  })

  it('a message in chunks of one byte arrives, and costs no more than its size', async () => {
    const { session, peer, link } = defaultSession()
    link.toServer({ cut: () => 1 })
    peer.send(clientFrame('binary', new Uint8Array(20_000).fill(7)))

    const frame = await session.incoming.receive()

    expect(frame instanceof Frame.Binary && frame.buffer.every((byte) => byte === 7)).toBe(true)
    expect(session.heldBytes).toBe(0)
  })

  it('100 000 empty messages that nobody reads stay at the bound, and TCP holds the rest', async () => {
    const { session, peer } = defaultSession()
    const flood = clientFrame('text', '')
    const bytes = new Uint8Array(flood.length * 100_000)
    for (let index = 0; index < 100_000; index++) bytes.set(flood, index * flood.length)
    for (let at = 0; at < bytes.length; at += 6_000) peer.send(bytes.subarray(at, at + 6_000))
    await settled()

    // The channel, the read-ahead, at 256 bytes a frame, and one chunk that was read before reading
    // stopped.
    expect(session.heldBytes).toBeLessThan((64 + 1024) * 256 + 2 * 6_000 + 64)
    let received = 0
    const reading = session.incoming.consumeEach(() => {
      received++
    })
    peer.close(1000)
    await reading
    expect(received).toBe(100_000)
  })
})
