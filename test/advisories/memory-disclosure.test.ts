/**
 * Memory disclosure: memory that nobody wrote to is sent to the peer.
 *
 * CVE-2026-45736 / GHSA-58qx-3vcg-4xpx (ws: a TypedArray that is no Uint8Array as the reason of
 * `close()`), CVE-2016-10518 (ws: a number as the payload of `ping()`).
 */

import { describe, expect, it } from 'vitest'

import { CloseReason, Frame } from '../../src/index.ts'
import { settled } from '../support/memory-world.ts'
import { defaultSession } from '../support/session.ts'

/** Values that have a length or look like one, and are no bytes. */
const IMPOSTORS: ReadonlyArray<readonly [string, unknown]> = [
  ['a number', 100],
  ['a Uint16Array', new Uint16Array([1, 2, 3])],
  ['a Float64Array', new Float64Array(4)],
  ['a DataView', new DataView(new ArrayBuffer(8))],
  ['an ArrayBuffer', new ArrayBuffer(8)],
  ['an array', [1, 2, 3]],
  ['an object with a length', { length: 100 }],
  ['an object with a byteLength', { byteLength: 100, length: 100 }],
  ['null', null],
]

describe('advisory: memory disclosure', () => {
  it.each(IMPOSTORS)('send() refuses %s, and sends nothing', async (_, value) => {
    const { session, peer } = defaultSession()

    // What the types refuse, JavaScript may pass all the same.
    await expect(session.send(value as string)).rejects.toThrow(TypeError)

    await settled()
    expect(peer.inbox.unread.length).toBe(0)
  })

  it.each(IMPOSTORS)('send() refuses %s while the peer is slow', async (_, value) => {
    const { session, peer } = defaultSession()
    peer.pause()
    await session.send(new Uint8Array(300_000))

    await expect(session.send(value as string)).rejects.toThrow(TypeError)
    session.terminate()
  })

  it.each(IMPOSTORS)('frames cannot be made of %s', (_, value) => {
    expect(() => new Frame.Ping(value as Uint8Array)).toThrow(TypeError)
    expect(() => new Frame.Pong(value as Uint8Array)).toThrow(TypeError)
    expect(() => new Frame.Binary(value as Uint8Array)).toThrow(TypeError)
    expect(() => new Frame.Text(value as string)).toThrow(TypeError)
  })

  it.each(IMPOSTORS.filter(([name]) => name !== 'null'))(
    'close() refuses %s as its reason',
    (_, value) => {
      expect(() => new CloseReason(1000, value as string)).toThrow(TypeError)
    },
  )

  it('bytes of all kinds are sent as they are, and nothing beside them', async () => {
    const { session, peer } = defaultSession()
    const pool = Buffer.from('secret hello secret')
    await session.send(pool.subarray(7, 12))
    await session.send(new Frame.Ping(pool.subarray(7, 9)))
    await session.send(new Frame.Binary(new Uint8Array(pool.buffer, pool.byteOffset + 7, 3)))

    expect(await peer.read(16)).toBe('82 05 68 65 6c 6c 6f 89 02 68 65 82 03 68 65 6c')
    expect(peer.inbox.unread.length).toBe(0)
  })
})
