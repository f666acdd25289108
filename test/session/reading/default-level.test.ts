import { describe, expect, it } from 'vitest'

import { CloseReason, Frame } from '../../../src/protocol/index.ts'
import { toHex } from '../../support/bytes.ts'
import { clientFrame } from '../../support/peer.ts'
import { settled } from '../../support/memory-world.ts'
import { defaultSession, SETTINGS } from '../../support/session.ts'

/** Each character as the byte of its number. */
const encode = (text: string): Uint8Array => Uint8Array.from(text, (c) => c.charCodeAt(0))

describe('DefaultLevel', () => {
  it('gathers the fragments of text and of binary into whole messages', async () => {
    const { session, peer } = defaultSession()
    peer.send(clientFrame('text', 'a', { fin: false }))
    peer.send(clientFrame('continuation', '', { fin: false }))
    peer.send(clientFrame('continuation', 'b'))
    peer.send(clientFrame('binary', Uint8Array.of(1), { fin: false }))
    peer.send(clientFrame('continuation', Uint8Array.of(2)))

    const text = await session.incoming.receive()
    const binary = await session.incoming.receive()

    expect(text instanceof Frame.Text && text.readText()).toBe('ab')
    expect(text.fin).toBe(true)
    expect(binary).toBeInstanceOf(Frame.Binary)
    expect(binary.buffer).toEqual(Uint8Array.of(1, 2))
  })

  it('a message of empty fragments is an empty message', async () => {
    const { session, peer } = defaultSession()
    peer.send(clientFrame('text', '', { fin: false }))
    peer.send(clientFrame('continuation', ''))

    const frame = await session.incoming.receive()

    expect(frame instanceof Frame.Text && frame.readText()).toBe('')
  })

  it('a message that has arrived in part counts as held, and is let go at the end', async () => {
    const { session, peer } = defaultSession()
    peer.send(clientFrame('binary', new Uint8Array(1000), { fin: false }))
    await settled()
    // Memory for the fragment and half as much again: it was copied out of the piece that it shared.
    expect(session.heldBytes).toBe(1564)

    session.terminate()
    await session.closed

    expect(session.heldBytes).toBe(0)
  })

  it('answers pings with their payload, and shows neither pings nor pongs', async () => {
    const { session, peer } = defaultSession()
    peer.send(clientFrame('pong', 'x'))
    peer.send(clientFrame('ping', 'hi'))

    expect(await peer.read(4)).toBe('8a 02 68 69')
    expect(session.incoming.tryReceive().type).toBe('empty')
  })

  it('answers a Close frame with its code alone, and shows none', async () => {
    const { session, peer } = defaultSession()
    peer.close(4000, 'bye')

    expect(await peer.rest()).toBe('88 02 0f a0')
    expect(await session.incoming.toArray()).toEqual([])
    expect(await session.closeReason).toEqual(new CloseReason(4000, 'bye'))
  })

  it('answers a Close frame without a code in the same way', async () => {
    const { peer, session } = defaultSession()
    peer.send(clientFrame('close', ''))

    expect(await peer.rest()).toBe('88 00')
    expect(await session.closeReason).toEqual(new CloseReason(1005))
  })

  it('what the handler says to the frames before a Close frame goes out before the answer', async () => {
    const { session, peer } = defaultSession()
    const running = session.run(async () => {
      for await (const frame of session.incoming) await session.send(frame)
    })
    peer.send(Uint8Array.of(...clientFrame('text', 'a'), ...clientFrame('close', '')))

    expect(await peer.rest()).toBe('81 01 61 88 00')
    peer.end()
    await running
  })

  it('a violation is told in the same way, behind what the handler still says', async () => {
    const { session, peer } = defaultSession()
    const running = session.run(async () => {
      for await (const frame of session.incoming) await session.send(frame)
    })
    peer.send(Uint8Array.of(...clientFrame('text', 'a'), 0x83, 0x80, 0, 0, 0, 0))

    expect(await peer.rest()).toBe('81 01 61 88 02 03 ea')
    peer.end()
    await running
    expect((await session.closed).cause).toMatchObject({ code: 'TOWPATH_PROTOCOL_VIOLATION' })
  })

  it('too many pings end the session with 1008, and the last is not answered', async () => {
    const { peer } = defaultSession({ maxControlFramesPerSecond: 1 })
    peer.send(clientFrame('ping', '1'))
    peer.send(clientFrame('ping', '2'))

    expect(await peer.rest()).toBe('8a 01 31 88 02 03 f0')
  })

  it('answers the question of a heartbeat, and shows it to nobody', async () => {
    const { session, peer } = defaultSession()
    peer.text('\0towpath:ping:17')
    peer.send(clientFrame('text', '\0towpath', { fin: false }))
    peer.send(clientFrame('continuation', ':ping:18'))

    expect(await peer.read(18)).toBe(toHex(encode('\x81\x10\0towpath:pong:17')))
    expect(await peer.read(18)).toBe(toHex(encode('\x81\x10\0towpath:pong:18')))
    expect(session.incoming.tryReceive().type).toBe('empty')
  })

  it('answers it while incoming is full', async () => {
    const { peer } = defaultSession({ incoming: { ...SETTINGS.incoming, capacity: 1 } })
    for (let index = 0; index < 10; index++) peer.text('x')
    peer.text('\0towpath:ping:1')

    expect(await peer.read(17)).toBe(toHex(encode('\x81\x0f\0towpath:pong:1')))
  })

  it('answers it when nobody wants to receive any more', async () => {
    const { session, peer } = defaultSession()
    session.incoming.cancel()
    peer.text('\0towpath:ping:1')

    expect(await peer.read(17)).toBe(toHex(encode('\x81\x0f\0towpath:pong:1')))
  })

  it.each(['\0', '\0towpath:ping:', '\0towpath:ping:1!', '\0towpath:pong:1', 'towpath:ping:1'])(
    'shows %j, which is no question',
    async (text) => {
      const { session, peer } = defaultSession()
      peer.text(text)

      expect(await session.incoming.receive()).toMatchObject({ frameType: 1 })
    },
  )

  it('shows questions as they are when they are not to be answered, and as bytes', async () => {
    const { session, peer } = defaultSession({ answerHeartbeats: false })
    peer.text('\0towpath:ping:1')
    expect(await session.incoming.receive()).toMatchObject({ frameType: 1 })

    const other = defaultSession()
    other.peer.send(clientFrame('binary', '\0towpath:ping:1'))
    expect(await other.session.incoming.receive()).toMatchObject({ frameType: 2 })
  })

  it('counts questions as control frames', async () => {
    const { peer } = defaultSession({ maxControlFramesPerSecond: 1 })
    peer.text('\0towpath:ping:1')
    peer.text('\0towpath:ping:2')

    expect(await peer.read(17)).toBe(toHex(encode('\x81\x0f\0towpath:pong:1')))
    expect(await peer.rest()).toBe('88 02 03 f0')
  })

  it('does not count questions as messages', async () => {
    const { session, peer } = defaultSession({ maxMessagesPerSecond: 1, onRateLimit: 'close' })
    for (let count = 0; count < 10; count++) peer.text(`\0towpath:ping:${count}`)
    peer.text('x')

    await session.incoming.receive()
    await peer.read(170)
    expect(session.incoming.isClosedForReceive).toBe(false)
  })

  it('pings, and fails with 1011 when nothing is heard', async () => {
    const { session, peer, clock } = defaultSession({ pingInterval: 1000, timeout: 500 })
    await clock.advance(1500)

    expect(await peer.rest()).toBe(
      '89 08 01 02 03 04 05 06 07 08 88 0e 03 f3 50 69 6e 67 20 74 69 6d 65 6f 75 74',
    )
    expect((await session.closed).cause).toMatchObject({
      code: 'TOWPATH_PING_TIMEOUT',
      timeoutMs: 500,
    })
    await expect(session.incoming.receive()).rejects.toMatchObject({ code: 'TOWPATH_PING_TIMEOUT' })
  })

  it('setPings() replaces the pinger that runs', async () => {
    const { session, peer, clock } = defaultSession({ pingInterval: 1000 })
    await clock.advance(900)
    session.pingInterval = 2000

    await clock.advance(1999)
    expect(peer.inbox.unread.length).toBe(0)
    await clock.advance(1)

    expect(peer.inbox.unread.length).toBe(10)
  })

  it('no ping is sent once the end has begun, whatever is set then', async () => {
    const { session, peer, clock, environment } = defaultSession({ pingInterval: 1000 })
    void session.close()
    session.pingInterval = 10

    await clock.advance(9000)

    expect(peer.inbox.unread.length).toBe(4)
    expect(environment.timers.size).toBe(1)
  })
})
