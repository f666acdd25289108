import { describe, expect, it } from 'vitest'

import { CloseReason, Frame } from '../../../src/protocol/index.ts'
import { clientFrame } from '../../support/peer.ts'
import { settled } from '../../support/memory-world.ts'
import { rawSession } from '../../support/session.ts'

describe('RawFrames', () => {
  it('shows every fragment, typed as its message, with its own fin', async () => {
    const { session, peer } = rawSession()
    peer.send(clientFrame('text', 'a', { fin: false }))
    peer.send(clientFrame('continuation', 'b'))
    peer.send(clientFrame('binary', Uint8Array.of(1), { fin: false }))
    peer.send(clientFrame('continuation', Uint8Array.of(2)))

    const shown: [unknown, boolean][] = []
    for (let index = 0; index < 4; index++) {
      const frame = await session.incoming.receive()
      shown.push([frame.constructor, frame.fin])
    }

    expect(shown).toEqual([
      [Frame.Text, false],
      [Frame.Text, true],
      [Frame.Binary, false],
      [Frame.Binary, true],
    ])
  })

  it('shows pings and pongs between fragments, and answers none', async () => {
    const { session, peer } = rawSession()
    peer.send(clientFrame('ping', 'p'))
    peer.send(clientFrame('pong', 'q'))

    const ping = await session.incoming.receive()
    const pong = await session.incoming.receive()

    expect(ping).toBeInstanceOf(Frame.Ping)
    expect(ping.buffer).toEqual(Uint8Array.of(0x70))
    expect(pong).toBeInstanceOf(Frame.Pong)
    await settled()
    expect(peer.inbox.unread.length).toBe(0)
  })

  it('shows the Close frame as the last, and does not answer it', async () => {
    const { session, peer } = rawSession()
    peer.close(4000, 'done')

    const frame = await session.incoming.receive()

    expect(frame instanceof Frame.Close && frame.readReason()).toEqual(
      new CloseReason(4000, 'done'),
    )
    await expect(session.incoming.receive()).rejects.toMatchObject({
      code: 'TOWPATH_CLOSED_RECEIVE_CHANNEL',
    })
    expect(await session.closeReason).toEqual(new CloseReason(4000, 'done'))
    expect(peer.inbox.unread.length).toBe(0)
  })

  it('shows a Close frame without a code', async () => {
    const { session, peer } = rawSession()
    peer.send(clientFrame('close', ''))

    const frame = await session.incoming.receive()

    expect(frame instanceof Frame.Close && frame.readReason()).toBe(null)
    expect(await session.closeReason).toEqual(new CloseReason(1005))
  })

  it('shows the Close frame also where a full channel drops what comes last', async () => {
    const { session, peer } = rawSession({
      incoming: { capacity: 1, maxBytes: Infinity, onOverflow: 'drop-latest' },
    })
    peer.text('1')
    peer.text('2')
    peer.close(1000)
    await settled()

    const frames = await session.incoming.toArray()

    expect(frames.map((frame) => frame.constructor)).toEqual([Frame.Text, Frame.Close])
  })

  it('a violation fails the connection with its code, behind the frames before it', async () => {
    const { session, peer } = rawSession()
    peer.send(clientFrame('text', 'a'))
    peer.send('83 80 00 00 00 00')

    expect(await peer.rest()).toBe('88 02 03 ea')
    expect(await session.incoming.receive()).toBeInstanceOf(Frame.Text)
    await expect(session.incoming.receive()).rejects.toMatchObject({
      code: 'TOWPATH_PROTOCOL_VIOLATION',
    })
  })

  it('too many control frames fail the connection with 1008, and the last is not shown', async () => {
    const { session, peer } = rawSession({ maxControlFramesPerSecond: 1 })
    peer.send(clientFrame('ping', '1'))
    peer.send(clientFrame('pong', '2'))

    expect(await peer.rest()).toBe('88 02 03 f0')
    expect(await session.incoming.receive()).toBeInstanceOf(Frame.Ping)
    await expect(session.incoming.receive()).rejects.toMatchObject({ code: 'TOWPATH_RATE_LIMIT' })
  })

  it('a message may be larger than maxMessageSize, because it is not gathered', async () => {
    const { session, peer } = rawSession({ maxMessageSize: 2 })
    peer.send(clientFrame('text', 'ab', { fin: false }))
    peer.send(clientFrame('continuation', 'cd'))

    expect(await session.incoming.receive()).toBeInstanceOf(Frame.Text)
    expect((await session.incoming.receive()).fin).toBe(true)
  })

  it('may finish its message after the peer has closed, until it answers', async () => {
    const { session, peer } = rawSession()
    peer.close(4000)
    await session.incoming.receive()

    await session.send('last')
    await session.send(new Frame.Close(new CloseReason(4000)))

    expect(await peer.read(10)).toBe('81 04 6c 61 73 74 88 02 0f a0')
    await expect(session.send('late')).rejects.toMatchObject({ value: 'late' })
  })
})
