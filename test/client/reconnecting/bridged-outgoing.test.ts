import { describe, expect, it } from 'vitest'

import { loopShareOf } from '../../../src/base/internal.ts'
import { BridgedOutgoing } from '../../../src/client/reconnecting/bridged-outgoing.ts'
import type { ReconnectingSettings } from '../../../src/client/reconnecting/reconnect-options.ts'
import { CloseReason, Frame } from '../../../src/protocol/index.ts'
import type { Outbound } from '../../../src/session/index.ts'
import { clientSession } from '../../support/client-session.ts'
import { memoryEnvironment, settled } from '../../support/memory-world.ts'

const KEEP = { keep: { frames: 3, bytes: 20 } }

function bridge(whileAway: ReconnectingSettings['whileAway'] = 'reject') {
  const ends: Array<CloseReason | null> = []
  const end = (reason: CloseReason | null): void => void ends.push(reason)
  return { bridge: new BridgedOutgoing(whileAway, end, loopShareOf(memoryEnvironment())), ends }
}

/** What the server's end has received, as text. */
async function received(server: ReturnType<typeof clientSession>['server']): Promise<string[]> {
  await settled()
  const texts: string[] = []
  for (;;) {
    const next = server.incoming.tryReceive()
    if (next.type !== 'value') return texts
    const { value } = next
    texts.push(value instanceof Frame.Text ? value.readText() : `${value.buffer.length} bytes`)
  }
}

/** A session whose peer reads nothing, with room for one frame beyond what the network takes. */
async function slowSession() {
  const world = clientSession(memoryEnvironment(), {
    outgoing: { capacity: 1, maxBytes: 1e9, onOverflow: 'suspend' },
  })
  world.link.toServer({ stalled: true })
  const filler = new Uint8Array(1024 * 1024)
  while (world.session.outgoing.trySend(filler) === 'sent');
  await settled()
  return world
}

describe('BridgedOutgoing', () => {
  it('sends over the session that there is', async () => {
    const { bridge: outgoing } = bridge()
    const { session, server } = clientSession()
    outgoing.sessionOpened(session)

    await outgoing.send('one')
    expect(outgoing.trySend(new Frame.Text('two'))).toBe('sent')
    await outgoing.send(new Frame.Binary(new Uint8Array(3)))
    await outgoing.send(new Uint8Array(4))

    expect(await received(server)).toEqual(['one', 'two', '3 bytes', '4 bytes'])
    expect(outgoing.unsent).toBe(0)
  })

  it('rejects frames while there is no session, with the frame', async () => {
    const { bridge: outgoing } = bridge('reject')

    await expect(outgoing.send('one')).rejects.toMatchObject({
      code: 'TOWPATH_NOT_CONNECTED',
      value: 'one',
    })
    expect(outgoing.trySend('two')).toBe('full')
    expect(outgoing.isClosedForSend).toBe(false)
  })

  it('drops frames without a word when told so', async () => {
    const { bridge: outgoing } = bridge('drop')
    const { session, server } = clientSession()

    await outgoing.send('one')
    expect(outgoing.trySend('two')).toBe('sent')
    outgoing.sessionOpened(session)
    await outgoing.send('three')

    expect(await received(server)).toEqual(['three'])
    expect(outgoing.unsent).toBe(0)
  })

  it('keeps frames for the next session, in their order, before those that come then', async () => {
    const { bridge: outgoing } = bridge(KEEP)
    const { session, server } = clientSession()

    await outgoing.send('one')
    expect(outgoing.trySend('two')).toBe('sent')
    await outgoing.send(new Frame.Text(new TextEncoder().encode('three')))
    expect(outgoing.unsent).toBe(3)
    outgoing.sessionOpened(session)
    await outgoing.send('four')

    expect(await received(server)).toEqual(['one', 'two', 'three', 'four'])
    expect(outgoing.unsent).toBe(0)
  })

  it('keeps so many frames and so many bytes, and rejects the next', async () => {
    const { bridge: byFrames } = bridge(KEEP)
    for (const text of ['1', '2', '3']) await byFrames.send(text)
    await expect(byFrames.send('4')).rejects.toMatchObject({
      code: 'TOWPATH_CHANNEL_OVERFLOW',
      capacity: 3,
      value: '4',
    })
    expect(byFrames.trySend('4')).toBe('full')

    const { bridge: byBytes } = bridge(KEEP)
    await byBytes.send('ü'.repeat(9))
    await byBytes.send('12')
    await expect(byBytes.send('3')).rejects.toMatchObject({ code: 'TOWPATH_CHANNEL_OVERFLOW' })
    expect(byBytes.unsent).toBe(2)
  })

  it('keeps one frame that is larger than all of the bound, alone', async () => {
    const { bridge: outgoing } = bridge(KEEP)

    await outgoing.send('x'.repeat(100))

    await expect(outgoing.send('y')).rejects.toMatchObject({ code: 'TOWPATH_CHANNEL_OVERFLOW' })
  })

  it('has room again when a session has taken what was kept', async () => {
    const { bridge: outgoing } = bridge(KEEP)
    for (const text of ['1', '2', '3']) await outgoing.send(text)
    outgoing.sessionOpened(clientSession().session)
    outgoing.sessionEnded()

    await outgoing.send('x'.repeat(5))
    await outgoing.send('x'.repeat(15))

    expect(outgoing.unsent).toBe(2)
  })

  it('keeps a copy of bytes, of a frame too', async () => {
    const { bridge: outgoing } = bridge(KEEP)
    const { session, server } = clientSession()
    const bytes = new Uint8Array([1, 2, 3])
    await outgoing.send(bytes)
    await outgoing.send(new Frame.Binary(bytes))

    bytes.fill(9)
    outgoing.sessionOpened(session)

    await settled()
    expect([...(await server.incoming.receive()).buffer]).toEqual([1, 2, 3])
    expect([...(await server.incoming.receive()).buffer]).toEqual([1, 2, 3])
  })

  it('keeps no text that is not UTF-8', async () => {
    const { bridge: outgoing } = bridge(KEEP)

    await expect(outgoing.send(new Frame.Text(new Uint8Array([0xff])))).rejects.toMatchObject({
      code: 'TOWPATH_LOCAL_PROTOCOL',
    })
    expect(outgoing.unsent).toBe(0)
  })

  it('counts a frame as one that came without a session, when its session has refused it', async () => {
    const { bridge: outgoing } = bridge(KEEP)
    const lost = clientSession()
    outgoing.sessionOpened(lost.session)
    await lost.session.close()

    await outgoing.send('one')
    expect(outgoing.trySend('two')).toBe('sent')

    const { session, server } = clientSession()
    outgoing.sessionOpened(session)
    expect(await received(server)).toEqual(['one', 'two'])
    expect(await received(lost.server)).toEqual([])
  })

  it('goes on keeping frames when the session that begins is ending already', async () => {
    const { bridge: outgoing } = bridge(KEEP)
    await outgoing.send('one')
    const lost = clientSession()
    await lost.session.close()

    outgoing.sessionOpened(lost.session)
    await settled()
    expect(outgoing.unsent).toBe(1)

    const { session, server } = clientSession()
    outgoing.sessionOpened(session)
    expect(await received(server)).toEqual(['one'])
  })

  it('does the same with a frame that waited when its session was lost', async () => {
    const { bridge: outgoing } = bridge(KEEP)
    const lost = await slowSession()
    outgoing.sessionOpened(lost.session)
    const waiting = outgoing.send('one')
    await settled()
    expect(outgoing.unsent).toBe(0)

    lost.link.reset()
    await waiting

    const { session, server } = clientSession()
    outgoing.sessionOpened(session)
    expect(await received(server)).toEqual(['one'])
  })

  it('never gives to another session what one has been given', async () => {
    const { bridge: outgoing } = bridge(KEEP)
    const lost = clientSession()
    lost.link.cut()
    outgoing.sessionOpened(lost.session)
    await outgoing.send('one')
    lost.link.reset()
    await settled()
    outgoing.sessionEnded()

    const { session, server } = clientSession()
    outgoing.sessionOpened(session)

    expect(await received(server)).toEqual([])
  })

  it('hands over what was kept as fast as the session takes it, and goes on with the next session', async () => {
    const { bridge: outgoing } = bridge(KEEP)
    for (const text of ['1', '2', '3']) await outgoing.send(text)
    const slow = await slowSession()
    outgoing.sessionOpened(slow.session)
    const later = [outgoing.send('4'), outgoing.send('5')]
    expect(outgoing.trySend('x')).toBe('full')
    await settled()
    expect(outgoing.unsent).toBe(3)

    slow.link.reset()
    await settled()
    outgoing.sessionEnded()
    await expect(Promise.allSettled(later)).resolves.toMatchObject([
      { reason: { code: 'TOWPATH_CHANNEL_OVERFLOW' } },
      { reason: { code: 'TOWPATH_CHANNEL_OVERFLOW' } },
    ])

    const { session, server } = clientSession()
    outgoing.sessionOpened(session)
    await outgoing.send('6')
    expect(await received(server)).toEqual(['1', '2', '3', '6'])
  })

  it('lets those who send meanwhile wait for their turn, in order', async () => {
    const { bridge: outgoing } = bridge(KEEP)
    for (const text of ['1', '2', '3']) await outgoing.send(text)
    const slow = await slowSession()
    outgoing.sessionOpened(slow.session)
    const later = ['4', '5', '6'].map((text) => outgoing.send(text))

    slow.link.toServer({ stalled: false })
    void slow.server.incoming.consumeEach(() => {})
    await Promise.all(later)

    expect(outgoing.unsent).toBe(0)
    expect(outgoing.trySend('7')).toBe('sent')
  })

  it('flush() gives the session what is kept and what waits for its turn, before its Close', async () => {
    const { bridge: outgoing } = bridge(KEEP)
    for (const text of ['1', '2', '3']) await outgoing.send(text)
    const slow = await slowSession()
    outgoing.sessionOpened(slow.session)
    const later = [outgoing.send('4'), outgoing.send('5')]

    outgoing.flush()
    void slow.session.close()
    outgoing.end(null)
    slow.link.toServer({ stalled: false })

    const texts: string[] = []
    await slow.server.incoming.consumeEach((frame) => {
      if (frame instanceof Frame.Text) texts.push(frame.readText())
    })
    await Promise.all(later)
    expect(texts).toEqual(['1', '2', '3', '4', '5'])
    expect(outgoing.unsent).toBe(0)
  })

  it('counts what flush() gave a session that was lost as unsent', async () => {
    const { bridge: outgoing } = bridge(KEEP)
    for (const text of ['1', '2']) await outgoing.send(text)
    const slow = await slowSession()
    outgoing.sessionOpened(slow.session)

    outgoing.flush()
    void slow.session.close()
    outgoing.end(null)
    slow.link.reset()
    await settled()

    expect(outgoing.unsent).toBe(2)
  })

  it('gives up a frame whose signal fires while it waits for its turn', async () => {
    const { bridge: outgoing } = bridge(KEEP)
    for (const text of ['1', '2']) await outgoing.send(text)
    const slow = await slowSession()
    outgoing.sessionOpened(slow.session)
    const controller = new AbortController()
    const waiting = outgoing.send('3', { signal: controller.signal })
    const behind = outgoing.send('4')

    controller.abort(new Error('enough'))

    await expect(waiting).rejects.toThrow('enough')
    await expect(outgoing.send('5', { signal: controller.signal })).rejects.toThrow('enough')
    slow.link.reset()
    await settled()
    await behind
    expect(outgoing.unsent).toBe(3)
  })

  it('loses a frame that an open session refuses, and goes on', async () => {
    const { bridge: outgoing } = bridge(KEEP)
    for (const text of ['1', '2']) await outgoing.send(text)
    const { session, server } = clientSession()
    // The session is in the middle of a message: it takes fragments only.
    await session.send(new Frame.Binary(new Uint8Array(1), { fin: false }))

    outgoing.sessionOpened(session)

    await session.send(new Frame.Binary(new Uint8Array(1)))
    await outgoing.send('3')
    expect(await received(server)).toEqual(['2 bytes', '3'])
    expect(outgoing.unsent).toBe(2)
  })

  it('refuses fragments, pings and what is no message', async () => {
    const { bridge: outgoing } = bridge(KEEP)
    const fragment = new Frame.Text('a', { fin: false })

    await expect(outgoing.send(fragment)).rejects.toMatchObject({ code: 'TOWPATH_LOCAL_PROTOCOL' })
    await expect(outgoing.send(new Frame.Ping())).rejects.toBeInstanceOf(TypeError)
    // @ts-expect-error -- what JavaScript may do
    await expect(outgoing.send(7)).rejects.toBeInstanceOf(TypeError)
    expect(() => outgoing.trySend(fragment)).toThrow('Cannot send a fragment')
    expect(outgoing.unsent).toBe(0)
  })

  it('ends the connection with a Close frame', async () => {
    const { bridge: outgoing, ends } = bridge()
    const reason = new CloseReason(4001, 'bye')

    await outgoing.send(new Frame.Close(reason))
    expect(outgoing.trySend(new Frame.Close())).toBe('sent')

    expect(ends).toEqual([reason, null])
  })

  it('accepts nothing after the end', async () => {
    const { bridge: outgoing } = bridge(KEEP)
    const { session, server } = clientSession()
    outgoing.sessionOpened(session)
    const cause = new Error('over')

    outgoing.end(cause)

    await expect(outgoing.send('one')).rejects.toMatchObject({
      code: 'TOWPATH_CLOSED_SEND_CHANNEL',
      value: 'one',
      cause,
    })
    expect(outgoing.trySend('one')).toBe('closed')
    expect(outgoing.isClosedForSend).toBe(true)
    expect(outgoing.close()).toBe(false)
    expect(await received(server)).toEqual([])
  })

  it('rejects without a cause after a normal end', async () => {
    const { bridge: outgoing } = bridge()

    outgoing.end(null)

    const refused = outgoing.send('one')
    await expect(refused).rejects.toMatchObject({ code: 'TOWPATH_CLOSED_SEND_CHANNEL' })
    await expect(refused).rejects.not.toHaveProperty('cause')
  })

  it('ends the connection when it is closed as a channel, and tells its session a cause', async () => {
    const { bridge: outgoing, ends } = bridge()
    const { session, server } = clientSession()
    outgoing.sessionOpened(session)

    expect(outgoing.close(new Error('no more'))).toBe(true)

    await settled()
    expect(ends).toEqual([null])
    expect((await server.closeReason).code).toBe(1011)
  })

  it('is a WHATWG stream too', async () => {
    const { bridge: outgoing } = bridge()
    const { session, server } = clientSession()
    outgoing.sessionOpened(session)

    const writer = outgoing.writable().getWriter()
    const one: Outbound = 'one'
    await writer.write(one)

    expect(await received(server)).toEqual(['one'])
  })
})

describe('BridgedOutgoing, used without care', () => {
  it.each(['drop', 'reject', KEEP] as const)(
    'a loop of sends without a session lets the event loop turn, whileAway %j',
    async (whileAway) => {
      const { bridge: outgoing } = bridge(whileAway)
      let isOver = false
      const loop = (async () => {
        while (!isOver) await outgoing.send('x').catch(() => {})
      })()

      await settled()
      isOver = true

      await loop
    },
  )

  it('sends that nobody awaits end no process without a session, nor after the end', async () => {
    const failures: unknown[] = []
    const note = (error: unknown): void => void failures.push(error)
    process.on('unhandledRejection', note)
    for (const whileAway of ['reject', { keep: { frames: 0, bytes: 0 } }] as const) {
      const { bridge: outgoing } = bridge(whileAway)
      void outgoing.send('x')
      void outgoing.send('x', { signal: AbortSignal.abort() })
      outgoing.end(null)
      void outgoing.send('x')
    }

    await settled()
    process.off('unhandledRejection', note)

    expect(failures).toEqual([])
  })

  it('keeps a prepared frame, and gives it to the next session', async () => {
    const { bridge: outgoing } = bridge({ keep: { frames: 2, bytes: 20 } })
    await outgoing.send(Frame.prepare('prepared'))
    const { session, server } = clientSession()

    outgoing.sessionOpened(session)

    expect(await received(server)).toEqual(['prepared'])
  })
})
