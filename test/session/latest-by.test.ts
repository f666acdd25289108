import { describe, expect, it } from 'vitest'

import { Frame, LocalProtocolError } from '../../src/protocol/index.ts'
import { type LatestBy, latestBy } from '../../src/session/latest-by.ts'
import { settled } from '../support/memory-world.ts'
import { defaultSession } from '../support/session.ts'

const BIG = new Uint8Array(300_000)

/** The key is the first letter; `-` is none. */
const BY_LETTER = latestBy((data) => {
  const first = typeof data === 'string' ? data[0] : null
  return first === '-' ? null : first
})

/** A session whose peer has stopped reading, with `capacity` places in its queue. */
async function blocked(capacity: number, onOverflow: LatestBy = BY_LETTER) {
  const opened = defaultSession({ outgoing: { capacity, maxBytes: Infinity, onOverflow } })
  opened.peer.pause()
  await opened.session.send(BIG)
  await settled()
  return opened
}

/** The texts behind the large frame, once the peer reads again. */
async function textsOf({ session, peer }: Awaited<ReturnType<typeof blocked>>): Promise<string[]> {
  peer.resume()
  void session.close()
  peer.close(1000)
  peer.end()
  await peer.read(BIG.length + 10)
  const rest = Buffer.from((await peer.rest()).replaceAll(' ', ''), 'hex')
  const texts: string[] = []
  for (let at = 0; rest[at] === 0x81; at += 2 + (rest[at + 1] ?? 0)) {
    texts.push(rest.toString('utf8', at + 2, at + 2 + (rest[at + 1] ?? 0)))
  }
  return texts
}

describe('latestBy()', () => {
  it('a newer frame replaces the one with its key, in its place', async () => {
    const opened = await blocked(8)
    const { session, heard } = opened
    await session.send('a1')
    await session.send('b1')
    await session.send('a22')
    await session.send('c1')
    await session.send('b22')

    expect(heard.dropped).toEqual(['outgoing 2', 'outgoing 2'])
    expect(await textsOf(opened)).toEqual(['a22', 'b22', 'c1'])
  })

  it('however many frames are sent, as many wait as there are keys', async () => {
    const opened = await blocked(4)
    const { session, heard } = opened
    for (let sent = 0; sent < 10_000; sent++) await session.send(`${'abc'[sent % 3]}${sent}`)

    expect(heard.dropped.length).toBe(9_997)
    expect(session.bufferedAmount).toBeLessThan(BIG.length)
    expect(await textsOf(opened)).toEqual(['a9999', 'b9997', 'c9998'])
  })

  it('frames without a key are never replaced, and wait for room', async () => {
    const opened = await blocked(2)
    const { session, heard } = opened
    await session.send('-1')
    await session.send('-2')
    expect(session.outgoing.trySend('-3')).toBe('full')
    let sent = false
    const waiting = session.send('-3').then(() => {
      sent = true
    })
    await settled()
    expect(sent).toBe(false)

    expect(heard.dropped).toEqual([])
    opened.peer.resume()
    await waiting
    expect(await textsOf(opened)).toEqual(['-1', '-2', '-3'])
  })

  it('a known key finds its place when the queue is full; a new one waits', async () => {
    const { session } = await blocked(1)
    await session.send('a1')

    expect(session.outgoing.trySend('a2')).toBe('sent')
    expect(session.outgoing.trySend('b1')).toBe('full')
    session.terminate()
  })

  it('a frame that is being written is not replaced', async () => {
    const opened = await blocked(4)
    const { session, peer } = opened
    await session.send('a1')
    peer.resume()
    await settled()
    peer.pause()
    await session.send('a2')

    expect(opened.heard.dropped).toEqual([])
    expect(await textsOf(opened)).toEqual(['a1', 'a2'])
  })

  it('flush() behind a frame that was replaced resolves when its place has gone out', async () => {
    const { session, peer } = await blocked(4)
    await session.send('a1')
    const flushed = session.flush()
    await session.send('a2')

    peer.resume()

    await flushed
    expect(session.bufferedAmount).toBe(0)
  })

  it('refuses fragments, which cannot be replaced alone', async () => {
    const { session } = await blocked(4)

    await expect(session.send(new Frame.Text('a', { fin: false }))).rejects.toBeInstanceOf(
      LocalProtocolError,
    )
  })

  it('what the key throws reaches the sender, and the frame is not sent', async () => {
    const failure = new Error('no key')
    const { session } = await blocked(
      4,
      latestBy(() => {
        throw failure
      }),
    )

    await expect(session.send('a1')).rejects.toBe(failure)
    expect(() => session.outgoing.trySend('a1')).toThrow(failure)
  })

  it('throws for a key that is no function', () => {
    // @ts-expect-error a key by name is what one might try
    expect(() => latestBy('symbol')).toThrow(
      'Cannot replace by key: the key is a string, expected a function',
    )
  })
})
