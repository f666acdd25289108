/**
 * Oversized messages and frames: memory exhaustion by one large thing.
 *
 * CVE-2016-10542 (ws), CVE-2026-44545 (daphne: passed no limit to its library), CVE-2020-36048
 * (engine.io), CVE-2020-36049 (socket.io-parser).
 */

import { describe, expect, it } from 'vitest'

import { FrameTooBigError } from '../../src/index.ts'
import { settled } from '../support/memory-world.ts'
import { clientFrame } from '../support/peer.ts'
import { defaultSession } from '../support/session.ts'
import { World } from '../application/upgrade-client.ts'

describe('advisory: oversized message or frame', () => {
  it('a limit holds without any option, and is told by name', async () => {
    const world = new World().install()
    const told: string[] = []
    world.app.monitor.on('limitReached', ({ limit }) => told.push(limit))
    world.app.routing((route) => {
      route.webSocket('/', async ({ closed }) => void (await closed))
    })
    const peer = await world.connect('/')

    // Announces 1 MiB and one byte, and sends nothing of it.
    peer.send('82 ff 00 00 00 00 00 10 00 01 00 00 00 00')

    expect(await peer.rest()).toBe('88 02 03 f1')
    expect(told).toEqual(['maxMessageSize'])
    expect(world.app.statistics().limitsReached).toEqual({ maxMessageSize: 1 })
  })

  it('a message of the allowed size arrives', async () => {
    const { session, peer } = defaultSession({ maxMessageSize: 1000 })
    peer.send(clientFrame('binary', new Uint8Array(1000)))

    expect((await session.incoming.receive()).buffer.length).toBe(1000)
  })

  it.each([
    ['maxFrameSize', { maxFrameSize: 1000 }],
    ['maxMessageSize', { maxMessageSize: 1000 }],
  ] as const)('one byte above %s ends the session with 1009', async (limit, settings) => {
    const { session, peer, heard } = defaultSession(settings)
    peer.text('kept')
    // The header of a frame of 1001 bytes.
    peer.send('82 fe 03 e9 00 00 00 00')

    expect(await peer.rest()).toBe('88 02 03 f1')
    await session.incoming.receive()
    await expect(session.incoming.receive()).rejects.toBeInstanceOf(FrameTooBigError)
    expect(heard.limitNames).toEqual([limit])
    expect(heard.limits[0]).toMatchObject({ size: 1001, limit: 1000 })
  })

  it('what was announced is not allocated: memory grows with what has arrived', async () => {
    const { session, peer } = defaultSession({ maxMessageSize: Infinity })
    // Announces 1 GiB, and sends 10 bytes.
    peer.send('82 ff 00 00 00 00 40 00 00 00 00 00 00 00')
    peer.send(new Uint8Array(10))
    await settled()

    expect(session.heldBytes).toBeLessThanOrEqual(65_536)
    session.terminate()
    await session.closed
    expect(session.heldBytes).toBe(0)
  })

  it('what was held back is let go when the session fails for another reason', async () => {
    const { session, peer } = defaultSession({
      incoming: { capacity: 1, maxBytes: Infinity, onOverflow: 'suspend' },
      readAhead: 0,
      outgoing: { capacity: 1, maxBytes: Infinity, onOverflow: 'close' },
    })
    const frame = clientFrame('text', 'x')
    peer.send(Uint8Array.from(Array.from({ length: 1000 }, () => [...frame]).flat()))
    peer.pause()
    await session.send(new Uint8Array(300_000))
    await settled()
    expect(session.heldBytes - session.bufferedAmount).toBeGreaterThan(6_000)

    session.outgoing.trySend('waits')
    session.outgoing.trySend('one too many')

    // The two frames that have been delivered.
    expect(session.heldBytes - session.bufferedAmount).toBe(2 * 257)
    session.terminate()
  })

  it('nothing of what a refused peer goes on sending is kept', async () => {
    const { session, peer } = defaultSession({ maxMessageSize: 10 })
    peer.send('82 fe 03 e9 00 00 00 00')
    for (let sent = 0; sent < 1000; sent++) peer.send(new Uint8Array(10_000))
    await settled()

    expect(session.heldBytes).toBe(0)
  })
})
