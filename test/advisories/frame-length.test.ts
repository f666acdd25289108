/**
 * Lengths of 64 bits: overflow, endless loops.
 *
 * CVE-2026-1528 (undici), CVE-2020-27813 (gorilla/websocket), CVE-2020-13935 (Tomcat).
 */

import { describe, expect, it } from 'vitest'

import { settled } from '../support/memory-world.ts'
import { defaultSession, rawSession } from '../support/session.ts'

const MASK = '00 00 00 00'

describe('advisory: 64-bit length', () => {
  it.each([
    ['2^63', '80 00 00 00 00 00 00 00'],
    ['2^64 - 1', 'ff ff ff ff ff ff ff ff'],
    ['-1 in 32 bits above 2^63', 'ff ff ff ff 00 00 00 00'],
  ])('%s has its highest bit set: 1002', async (_, length) => {
    const { peer } = defaultSession({ maxMessageSize: Infinity })

    peer.send(`82 ff ${length} ${MASK}`)

    expect(await peer.rest()).toBe('88 02 03 ea')
  })

  it.each([
    ['2^63 - 1', '7f ff ff ff ff ff ff ff'],
    ['2^53', '00 20 00 00 00 00 00 00'],
    ['2^32, which is 0 in 32 bits', '00 00 00 01 00 00 00 00'],
    ['2^32 + 5, which is 5 in 32 bits', '00 00 00 01 00 00 00 05'],
  ])('%s is larger than any message: 1009', async (_, length) => {
    const { peer, session } = defaultSession()

    peer.send(`82 ff ${length} ${MASK} 68 65 6c 6c 6f`)

    expect(await peer.rest()).toBe('88 02 03 f1')
    expect(session.heldBytes).toBe(0)
  })

  it.each([
    ['125 in 16 bits', '82 fe 00 7d'],
    ['65535 in 64 bits', '82 ff 00 00 00 00 00 00 ff ff'],
    ['0 in 64 bits', '82 ff 00 00 00 00 00 00 00 00'],
  ])('%s is not the shortest form: 1002', async (_, header) => {
    const { peer } = defaultSession()

    peer.send(`${header} ${MASK}`)

    expect(await peer.rest()).toBe('88 02 03 ea')
  })

  it('the sum of a message cannot overflow', async () => {
    const { peer } = defaultSession({ maxMessageSize: 2 ** 40, maxFrameSize: Infinity })
    peer.send(`02 81 ${MASK} 78`)
    await settled()

    peer.send(`00 ff 00 1f ff ff ff ff ff ff ${MASK}`)

    expect(await peer.rest()).toBe('88 02 03 f1')
  })

  it('a control frame with a long length is refused by its second byte: 1002', async () => {
    const { peer } = rawSession()

    peer.send('89 ff')

    expect(await peer.rest()).toBe('88 02 03 ea')
  })
})
