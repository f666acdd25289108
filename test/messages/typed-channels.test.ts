import { WebSockets } from 'towpath'
import { InvalidMessageError, typedChannels } from 'towpath/messages'
import { type TestApplication, withTestApplication } from 'towpath/testing'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'

const number = z.object({ n: z.number() })

/** Doubles numbers; ends with what arrives. */
async function withDoubling(block: (t: TestApplication) => Promise<void>): Promise<void> {
  await withTestApplication(async (t) => {
    t.application.install(WebSockets)
    t.application.routing((route) => {
      route.webSocket('/', async (session) => {
        const { incoming, send } = typedChannels(session, { incoming: number, outgoing: number })
        for await (const { n } of incoming) await send({ n: n * 2 })
      })
    })
    await block(t)
  })
}

describe('typedChannels()', () => {
  it('receives and sends values, with any peer that speaks the format', async () => {
    await withDoubling(async (t) => {
      const session = await t.connect('/')
      const { incoming, outgoing } = typedChannels(session, { incoming: number })
      await outgoing.send({ n: 1 })
      expect(outgoing.trySend({ n: 2 })).toBe('sent')

      expect([await incoming.receive(), await incoming.receive()]).toEqual([{ n: 2 }, { n: 4 }])
    })
  })

  it.each([
    ['1008 for a value that does not match', '{"n":"secret"}', 1008],
    ['1007 for no value of the codec', '{', 1007],
    ['1003 for a frame of the wrong kind', new Uint8Array([1]), 1003],
  ])('ends the session with %s, and reports no failure', async (_, message, code) => {
    await withDoubling(async (t) => {
      const session = await t.connect('/')
      await session.send(message)

      expect(await session.closeReason).toMatchObject({ code })
      expect(t.takeFailures()).toEqual([])
    })
  })

  it('rejects a value to send that does not match', async () => {
    await withDoubling(async (t) => {
      const { send, outgoing } = typedChannels(await t.connect('/'), {
        incoming: number,
        outgoing: number,
      })

      await expect(send({ n: 'x' } as never)).rejects.toThrow(InvalidMessageError)
      expect(() => outgoing.trySend({ n: 'x' } as never)).toThrow(InvalidMessageError)
      await expect(send({ n: 1 }, { signal: AbortSignal.abort(new Error('no')) })).rejects.toThrow(
        'no',
      )
    })
  })

  it('shows null as a value', async () => {
    await withTestApplication(async (t) => {
      t.application.install(WebSockets)
      t.application.routing((route) => {
        route.webSocket('/', async ({ send }) => send('null'))
      })
      const { incoming } = typedChannels(await t.connect('/'), { incoming: z.null() })

      expect(await incoming.receive()).toBeNull()
    })
  })

  it('closes the session by its channel, and writes by a stream', async () => {
    await withDoubling(async (t) => {
      const session = await t.connect('/')
      const { incoming, outgoing } = typedChannels(session, { incoming: number })
      const writer = outgoing.writable().getWriter()
      await writer.write({ n: 4 })
      expect(await incoming.receive()).toEqual({ n: 8 })
      expect(outgoing.close()).toBe(true)

      expect(outgoing.isClosedForSend).toBe(true)
      await session.closed
    })
  })
})
