import { describe, expect, it } from 'vitest'

import { VirtualClock } from '../../../src/base/index.ts'
import { JoinedIncoming, lengthOf } from '../../../src/client/reconnecting/joined-incoming.ts'
import { Frame } from '../../../src/protocol/index.ts'
import { clientSession } from '../../support/client-session.ts'
import { settled } from '../../support/memory-world.ts'

async function receiveText(joined: JoinedIncoming): Promise<string> {
  const frame = await joined.channel.receive()
  return frame instanceof Frame.Text ? frame.readText() : ''
}

function waitingTexts(joined: JoinedIncoming): string[] {
  const texts: string[] = []
  for (;;) {
    const next = joined.channel.tryReceive()
    if (next.type !== 'value') return texts
    if (next.value instanceof Frame.Text) texts.push(next.value.readText())
  }
}

describe('JoinedIncoming', () => {
  it('shows the frames of one session after the other', async () => {
    const joined = new JoinedIncoming(new VirtualClock())
    const [first, second] = [clientSession(), clientSession()]
    const over = new AbortController()
    const shown = joined.show(first.session, over.signal)
    await first.server.send('1')
    await first.server.send('2')

    expect(await receiveText(joined)).toBe('1')
    expect(await receiveText(joined)).toBe('2')
    first.link.reset()
    await first.session.closed
    over.abort()
    await shown
    void joined.show(second.session, new AbortController().signal)
    await second.server.send('3')

    expect(await receiveText(joined)).toBe('3')
  })

  it('takes one frame ahead of its reader, and leaves the others to the bounds of the session', async () => {
    const joined = new JoinedIncoming(new VirtualClock())
    const { session, server } = clientSession()
    void joined.show(session, new AbortController().signal)

    for (let index = 0; index < 64; index++) await server.send('x')
    await settled()

    expect(joined.channel.size).toBe(0)
    const held = []
    while (session.incoming.tryReceive().type === 'value') held.push(1)
    expect(held).toHaveLength(63)
  })

  it('keeps what a lost session still holds, in order, behind the frame that waited', async () => {
    const joined = new JoinedIncoming(new VirtualClock())
    const { session, server, link } = clientSession()
    const over = new AbortController()
    const shown = joined.show(session, over.signal)
    for (const text of ['1', '2', '3']) await server.send(text)
    await settled()

    link.reset()
    await session.closed
    over.abort()
    await shown

    expect(waitingTexts(joined)).toEqual(['1', '2', '3'])
  })

  it('keeps 128 frames of lost sessions at most: the beginning of each', async () => {
    const joined = new JoinedIncoming(new VirtualClock())
    for (let round = 0; round < 4; round++) {
      const { session, server, link } = clientSession()
      const over = new AbortController()
      const shown = joined.show(session, over.signal)
      for (let index = 0; index < 50; index++) await server.send(`${round}.${index}`)
      await settled()
      link.reset()
      await session.closed
      over.abort()
      await shown
    }

    const texts = waitingTexts(joined)
    expect(texts).toHaveLength(128)
    expect(texts.slice(99, 102)).toEqual(['1.49', '2.0', '2.1'])
    expect(texts.at(-1)).toBe('2.27')
  })

  it('keeps 2 MiB of them at most, and the frame that passes it', async () => {
    const joined = new JoinedIncoming(new VirtualClock())
    for (let round = 0; round < 6; round++) {
      const { session, server, link } = clientSession()
      const over = new AbortController()
      const shown = joined.show(session, over.signal)
      await server.send(new Uint8Array(700_000))
      await settled()
      link.reset()
      await session.closed
      over.abort()
      await shown
    }

    expect(joined.channel.size).toBe(3)
    expect(joined.channel.bytes).toBe(2_100_000)
  })

  it('drops what is received once nobody wants it', async () => {
    const joined = new JoinedIncoming(new VirtualClock())
    const { session, server } = clientSession()
    const shown = joined.show(session, new AbortController().signal)
    await server.send('1')
    await settled()

    joined.channel.cancel()
    await server.send('2')
    await shown

    expect(session.incoming.isClosedForReceive).toBe(true)
    expect(joined.channel.size).toBe(0)
  })

  it('does not fail with the session', async () => {
    const joined = new JoinedIncoming(new VirtualClock())
    const { session, server, clock } = clientSession(undefined, {
      pingInterval: 1_000,
      timeout: 10,
    })
    const shown = joined.show(session, new AbortController().signal)
    server.terminate()

    await clock.advance(20_000)

    await expect(shown).resolves.toBeUndefined()
    expect(joined.channel.isClosedForSend).toBe(false)
  })
})

describe('lengthOf()', () => {
  it('is the bytes of a frame, or the characters of a text that nobody has encoded', () => {
    expect(lengthOf(new Frame.Binary(new Uint8Array(7)))).toBe(7)
    expect(lengthOf(new Frame.Text('üü'))).toBe(2)
    expect(lengthOf(new Frame.Text(new Uint8Array(4)))).toBe(4)
  })
})
