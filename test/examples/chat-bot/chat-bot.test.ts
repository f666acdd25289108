/**
 * The bot in a room of the chat, in memory and virtual time, with servers that restart.
 */

import { WebSockets } from 'towpath'
import type { Application } from 'towpath'
import { typed } from 'towpath/messages'
import { withTestApplication } from 'towpath/testing'
import type { TestApplication, TestSession } from 'towpath/testing'
import { memoryBroker, MemoryLog, Topics } from 'towpath/topics'
import { describe, expect, it } from 'vitest'
import { chatBot } from '../../../examples/chat-bot/chat-bot.ts'
import { serveChat } from '../../../examples/chat/chat.ts'
import { RoomLimit } from '../../../examples/chat/room-limit.ts'
import { chat } from '../../../examples/chat/contract.ts'

const START = Date.UTC(2026, 0, 2, 3, 4, 5)
const RETRY = / Trying again in \d+\.\d s$/

/** The bot, and the chat that it is in. */
interface World {
  readonly t: TestApplication
  /** What the bot has told so far, without how long it waits. */
  readonly told: string[]
  readonly ended: Promise<void>
  readonly stop: () => void
  /** All connections are lost and nobody listens for a minute. */
  readonly restart: () => Promise<void>
}

function startBot(t: TestApplication, url = 'ws://localhost/rooms/lobby') {
  const told: string[] = []
  const stop = new AbortController()
  const ended = chatBot(t.client, {
    url,
    name: 'Bot',
    signal: stop.signal,
    tell: (sentence) => told.push(sentence.replace(RETRY, '')),
    now: () => START + t.clock.now(),
  })
  return { t, told, ended, stop: () => stop.abort() }
}

function withBot(block: (world: World) => Promise<void>, log?: MemoryLog): Promise<void> {
  const module = (app: Application): void => {
    app.install(WebSockets)
    const topics = app.install(Topics, { broker: memoryBroker(log === undefined ? {} : { log }) })
    const rooms = new RoomLimit(app.clock)
    app.routing((route) => {
      route.webSocket('/rooms/:room', { protocols: chat.protocols }, (session) =>
        serveChat(topics, rooms, session),
      )
    })
  }
  return withTestApplication(module, async (t) => {
    const bot = startBot(t)
    const restart = async (): Promise<void> => {
      t.network.refuse()
      t.network.reset()
      await t.settle()
      log?.restart({ lose: 1000 })
      await t.clock.advance(60_000)
      t.network.refuse(false)
    }
    // Over a log that processes share, others have a second to say who is there.
    await t.clock.advance(log === undefined ? 0 : 1000)
    await block({ ...bot, restart })
    bot.stop()
    await t.settle()
    await bot.ended.catch(() => {})
  })
}

/** Somebody in the room of the bot, who writes down what is said, and who comes and goes. */
async function enter(t: TestApplication, name: string) {
  const session: TestSession = await t.connect('/rooms/lobby', { protocols: chat.protocols })
  const { stream, request } = typed(session, chat)
  const heard: string[] = []
  void consume(stream('enter', { name, key: `key-of-${name}` }), (change) => {
    if ('name' in change) heard.push(`${change.name} ${change.type}`)
  })
  void consume(stream('read', { after: null }), (item) => {
    if (item.type === 'said') heard.push(`${item.name}: ${item.text}`)
  })
  await t.settle()
  return {
    session,
    /** What was said and done since the last look. */
    heard: () => heard.splice(0),
    async say(ref: string, text: string) {
      await request('say', { ref, text })
      await t.settle()
    },
  }
}

/** Until the session is over. */
async function consume<Item>(
  items: AsyncIterable<Item>,
  take: (item: Item) => void,
): Promise<void> {
  try {
    for await (const item of items) take(item)
  } catch (error) {
    expect(error).toMatchObject({ failure: 'DISCONNECTED' })
  }
}

const HELLO = 'Bot: Hello, Ada! Say !help to see what I know.'

describe('chatBot()', () => {
  it('chatBot() greets newcomers and answers them', async () => {
    await withBot(async ({ t, told }) => {
      const ada = await enter(t, 'Ada')
      await ada.say('ref-0001', '!time')

      expect(ada.heard()).toEqual([HELLO, 'Ada: !time', 'Bot: It is Fri, 02 Jan 2026 03:04:05 GMT'])
      expect(told).toEqual(['In the room'])
    })
  })

  it('chatBot() comes back after a break, answers what it has missed, and says nothing twice', async () => {
    await withBot(async ({ t, told, restart }) => {
      const before = await enter(t, 'Ada')
      await before.say('ref-0001', '!help')
      before.heard()

      await restart()
      const ada = await enter(t, 'Ada')
      await ada.say('ref-0002', '!since')
      await t.clock.advance(60_000)

      expect(ada.heard()).toEqual([
        HELLO,
        'Ada: !help',
        'Bot: I answer !help, !time, !since',
        'Ada: !since',
        'Bot joined',
        'Bot: I have been listening since Fri, 02 Jan 2026 03:04:05 GMT',
      ])
      expect(told.slice(0, 3)).toEqual([
        'In the room',
        'The connection was lost (1006).',
        'The chat cannot be reached.',
      ])
      expect(told.at(-1)).toBe('Back in the room')
    })
  })

  it('chatBot() greets nobody again in a room that has forgotten everything', async () => {
    await withBot(async ({ t, restart }) => {
      await enter(t, 'Ada')
      await t.clock.advance(1000)

      await restart()
      const ada = await enter(t, 'Ada')
      await t.clock.advance(1000)
      await ada.say('ref-0001', '!help')
      await t.clock.advance(60_000)

      expect(ada.heard()).toEqual([
        'Ada: !help',
        'Bot joined',
        'Bot: I answer !help, !time, !since',
      ])
    }, new MemoryLog())
  })

  it('chatBot() takes its place again when the network vanishes without a word', async () => {
    await withBot(async ({ t, told }) => {
      t.network.halfOpen()
      await t.clock.advance(40_000)
      t.network.restore()
      await t.clock.advance(60_000)

      const ada = await enter(t, 'Ada')
      expect(ada.heard()).toEqual([HELLO])
      expect(told.at(-1)).toBe('Back in the room')
    })
  })

  it('chatBot() waits for a chat that is not there yet', async () => {
    await withTestApplication(async (t) => {
      t.network.refuse()
      const { told, ended, stop } = startBot(t)
      await t.settle()

      expect(told).toEqual(['The chat cannot be reached.'])
      stop()
      await ended
      expect(told.at(-1)).toBe('Left the room')
    })
  })

  it('chatBot() leaves with 1000 when its signal fires', async () => {
    await withBot(async ({ t, told, ended, stop }) => {
      const ada = await enter(t, 'Ada')
      ada.heard()

      stop()
      await ended
      await t.settle()

      expect(ada.heard()).toEqual(['Bot left'])
      expect(told).toEqual(['In the room', 'Left the room'])
    })
  })

  it('chatBot() does not come when its signal has fired before', async () => {
    await withTestApplication(async (t) => {
      const told: string[] = []
      await chatBot(t.client, {
        url: 'ws://localhost/rooms/lobby',
        name: 'Bot',
        signal: AbortSignal.abort(),
        tell: (sentence) => told.push(sentence),
        now: () => START,
      })

      expect(told).toEqual(['Left the room'])
    })
  })

  it('chatBot() gives up when somebody else has its name', async () => {
    await withBot(async ({ t, told, ended, restart }) => {
      await restart()
      await enter(t, 'bot')

      await Promise.all([
        expect(ended).rejects.toMatchObject({ failure: 'NAME_TAKEN' }),
        t.clock.advance(60_000),
      ])

      expect(told).not.toContain('Back in the room')
    })
  })

  it('chatBot() gives up where there is no chat', async () => {
    await withTestApplication(async (t) => {
      const { ended } = startBot(t, 'ws://localhost/nowhere')

      await expect(ended).rejects.toMatchObject({ setback: { error: { status: 404 } } })
    })
  })

  it('chatBot() answers again, with the same ref, when the answer was lost with the connection', async () => {
    await withTestApplication(async (t) => {
      const heard: string[] = []
      t.application.install(WebSockets)
      t.application.routing((route) => {
        route.webSocket('/', { protocols: chat.protocols }, (session) =>
          typed(session, chat).serve({
            async *enter(_, { signal }) {
              yield { type: 'members', names: ['Bot'], count: 1 }
              await aborted(signal)
            },
            async *read({ after }, { signal }) {
              const position = { epoch: 'one', offset: 1 }
              if (after === null) {
                yield { type: 'live', position: { ...position, offset: 0 } }
                yield { type: 'said', ref: '', name: 'Ada', text: '!time', at: 0, position }
              }
              await aborted(signal)
            },
            say({ ref }) {
              heard.push(ref)
              if (heard.length === 1) session.terminate()
            },
          }),
        )
      })
      const { told, ended, stop } = startBot(t, 'ws://localhost/')
      await t.clock.advance(10_000)
      stop()
      await t.settle()
      await ended

      expect(heard).toEqual(['re-one-1', 're-one-1'])
      expect(told).toEqual([
        'In the room',
        'The connection was lost (1006).',
        'Back in the room',
        'Left the room',
      ])
    })
  })
})

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
