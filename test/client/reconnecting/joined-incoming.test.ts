import { describe, expect, it } from 'vitest'

import { loopShareOf } from '../../../src/base/internal.ts'
import { coreOf, type JoinedChannel } from '../../../src/channels/internal.ts'
import { joinIncoming, lengthOf } from '../../../src/client/reconnecting/joined-incoming.ts'
import { Frame } from '../../../src/protocol/index.ts'
import { clientSession } from '../../support/client-session.ts'
import { memoryEnvironment, settled } from '../../support/memory-world.ts'

function join(): JoinedChannel<Frame> {
  const environment = memoryEnvironment()
  return joinIncoming(environment.clock, loopShareOf(environment))
}

function keptTexts(joined: JoinedChannel<Frame>): string[] {
  const texts: string[] = []
  for (;;) {
    const next = joined.channel.tryReceive()
    if (next.type !== 'value') return texts
    if (next.value instanceof Frame.Text) texts.push(next.value.readText())
  }
}

/** A session that has received `frames`, and was lost. */
async function showLost(
  joined: JoinedChannel<Frame>,
  frames: readonly (string | Uint8Array)[],
): Promise<void> {
  const { session, server, link } = clientSession()
  joined.follow(coreOf(session.incoming))
  for (const frame of frames) await server.send(frame)
  await settled()
  link.reset()
  await session.closed
  joined.leaveSource()
}

describe('joinIncoming()', () => {
  it('shows the frames of one session after the other', async () => {
    const joined = join()
    const [first, second] = [clientSession(), clientSession()]
    joined.follow(coreOf(first.session.incoming))
    await first.server.send('1')
    expect(String(await joined.channel.receive())).toBe('Frame.Text "1"')
    first.link.reset()
    await first.session.closed
    joined.leaveSource()
    const received = joined.channel.receive()

    joined.follow(coreOf(second.session.incoming))
    await second.server.send('2')

    expect(String(await received)).toBe('Frame.Text "2"')
  })

  it('leaves frames to the bounds of their session', async () => {
    const joined = join()
    const { session, server } = clientSession()
    joined.follow(coreOf(session.incoming))

    for (let index = 0; index < 64; index++) await server.send('x')
    await settled()

    let count = 0
    while (session.incoming.tryReceive().type === 'value') count++
    expect(count).toBe(64)
  })

  it('keeps what a lost session still holds, in order', async () => {
    const joined = join()

    await showLost(joined, ['1', '2', '3'])

    expect(keptTexts(joined)).toEqual(['1', '2', '3'])
  })

  it('keeps 128 frames of lost sessions at most: the beginning of each', async () => {
    const joined = join()
    for (let round = 0; round < 4; round++) {
      await showLost(
        joined,
        Array.from({ length: 50 }, (_, index) => `${round}.${index}`),
      )
    }

    const texts = keptTexts(joined)
    expect(texts).toHaveLength(128)
    expect(texts.slice(99, 102)).toEqual(['1.49', '2.0', '2.1'])
    expect(texts.at(-1)).toBe('2.27')
  })

  it('keeps 2 MiB of them at most, and the frame that passes it', async () => {
    const joined = join()
    for (let round = 0; round < 6; round++) await showLost(joined, [new Uint8Array(700_000)])

    expect(joined.kept).toBe(3)
  })

  it('does not fail with the session', async () => {
    const joined = join()
    const { session, server, clock } = clientSession(undefined, {
      pingInterval: 1_000,
      timeout: 10,
    })
    joined.follow(coreOf(session.incoming))
    server.terminate()

    await clock.advance(20_000)

    await session.closed
    joined.leaveSource()
    expect(joined.channel.isClosedForReceive).toBe(false)
  })
})

describe('lengthOf()', () => {
  it('is the bytes of a frame, or the characters of a text that is not encoded', () => {
    expect(lengthOf(new Frame.Binary(new Uint8Array(7)))).toBe(7)
    expect(lengthOf(new Frame.Text('üü'))).toBe(2)
    expect(lengthOf(new Frame.Text(new Uint8Array(4)))).toBe(4)
  })
})
