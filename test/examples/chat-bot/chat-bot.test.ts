/**
 * The bot in a room of the chat, in memory and virtual time, with servers that restart.
 */

import { CloseReason, Frame, WebSockets } from 'towpath'
import type { Application, ReceiveResult } from 'towpath'
import { withTestApplication } from 'towpath/testing'
import type { TestApplication, TestSession } from 'towpath/testing'
import { describe, expect, it } from 'vitest'
import { chatBot, describeSetback } from '../../../examples/chat-bot/chat-bot.ts'
import { readServerMessage } from '../../../examples/chat-bot/server-messages.ts'
import { chat } from '../../../examples/chat/chat.ts'
import { ChatCloseCode } from '../../../examples/chat/room.ts'
import { Rooms } from '../../../examples/chat/rooms.ts'

const START = Date.UTC(2026, 0, 2, 3, 4, 5)
const RETRY = / Trying again in \d+\.\d s$/

/** The bot, and the chat that it is in. */
interface World {
  readonly t: TestApplication
  /** What the bot has told so far, without how long it waits. */
  readonly told: string[]
  readonly ended: Promise<void>
  readonly stop: () => void
  /** All connections are lost and nobody listens for a minute; `forget` empties the rooms. */
  readonly restart: (options?: { forget: boolean }) => Promise<void>
}

function withBot(block: (world: World) => Promise<void>): Promise<void> {
  let rooms = new Rooms()
  const module = (app: Application): void => {
    app.install(WebSockets)
    app.routing((route) => {
      route.webSocket('/rooms/:room', (session) =>
        chat(rooms, session.call.parameters.room, session),
      )
    })
  }
  return withTestApplication(module, async (t) => {
    const told: string[] = []
    const stop = new AbortController()
    const ended = chatBot(t.client, {
      url: 'ws://localhost/rooms/lobby',
      name: 'Bot',
      signal: stop.signal,
      tell: (sentence) => told.push(sentence.replace(RETRY, '')),
      now: () => START + t.clock.now(),
    })
    const restart: World['restart'] = async ({ forget } = { forget: false }) => {
      t.network.refuse()
      t.network.reset()
      await t.settle()
      if (forget) rooms = new Rooms()
      await t.clock.advance(60_000)
      t.network.refuse(false)
    }
    await t.settle()
    await block({ t, told, ended, stop: () => stop.abort(), restart })
    stop.abort()
    await t.settle()
    await ended.catch(() => {})
  })
}

/**
 * Somebody in the room of the bot, who writes down what is said: the words with the speaker's name.
 */
async function enter(t: TestApplication, name: string, heard: string[] = []) {
  const session: TestSession = await t.connect('/rooms/lobby')
  void session.launch(() =>
    session.incoming.consumeEach((frame) => {
      const message = readServerMessage(frame)
      if (message?.type === 'welcome') heard.push(...message.history.map(format))
      else if (message?.type === 'said') heard.push(format(message))
      else if (message !== null) heard.push(`${message.name} ${message.type}`)
    }),
  )
  await session.send(JSON.stringify({ type: 'join', name, key: `key-of-${name}` }))
  await t.settle()
  return {
    session,
    /** What was said and done since the last look. */
    heard: () => heard.splice(0),
    async say(ref: string, text: string) {
      await session.send(JSON.stringify({ type: 'say', ref, text }))
      await t.settle()
    },
  }
}

function format({ name, text }: { name: string; text: string }): string {
  return `${name}: ${text}`
}

describe('chatBot()', () => {
  it('chatBot() greets newcomers and answers them', async () => {
    await withBot(async ({ t, told }) => {
      const ada = await enter(t, 'Ada')
      await ada.say('ref-0001', '!time')

      expect(ada.heard()).toEqual([
        'Bot: Hello, Ada! Say !help to see what I know.',
        'Ada: !time',
        'Bot: It is Fri, 02 Jan 2026 03:04:05 GMT',
      ])
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
        'Bot: Hello, Ada! Say !help to see what I know.',
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

      await restart({ forget: true })
      const ada = await enter(t, 'Ada')
      await ada.say('ref-0001', '!help')
      await t.clock.advance(60_000)

      expect(ada.heard()).toEqual([
        'Ada: !help',
        'Bot joined',
        'Bot: I answer !help, !time, !since',
      ])
    })
  })

  it('chatBot() takes its place again when the network vanishes without a word', async () => {
    await withBot(async ({ t, told }) => {
      t.network.halfOpen()
      await t.clock.advance(40_000)
      t.network.restore()
      await t.clock.advance(60_000)

      const ada = await enter(t, 'Ada')
      expect(ada.heard()).toEqual(['Bot: Hello, Ada! Say !help to see what I know.'])
      expect(told.at(-1)).toBe('Back in the room')
    })
  })

  it('chatBot() waits for a chat that is not there yet', async () => {
    await withTestApplication(async (t) => {
      t.network.refuse()
      const told: string[] = []
      const stop = new AbortController()
      const ended = chatBot(t.client, {
        url: 'ws://localhost/rooms/lobby',
        name: 'Bot',
        signal: stop.signal,
        tell: (sentence) => told.push(sentence),
        now: () => START,
      })
      await t.settle()

      expect(told).toEqual([
        expect.stringMatching(/^The chat cannot be reached\. Trying again in /),
      ])
      stop.abort()
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
        expect(ended).rejects.toMatchObject({ setback: { info: { reason: { code: 4001 } } } }),
        t.clock.advance(60_000),
      ])

      expect(told).not.toContain('Back in the room')
    })
  })

  it('chatBot() gives up where there is no chat', async () => {
    await withTestApplication(async (t) => {
      const ended = chatBot(t.client, {
        url: 'ws://localhost/nowhere',
        name: 'Bot',
        signal: new AbortController().signal,
        tell: () => {},
        now: () => START,
      })

      await expect(ended).rejects.toMatchObject({ setback: { error: { status: 404 } } })
    })
  })

  it('chatBot() comes back to a room that found it too slow', async () => {
    const { told } = await visitScripted([[1008], [1000]])

    expect(told).toEqual(['The connection was lost (1008).', 'Left the room'])
  })

  it('chatBot() answers again, with the same ref, when the answer was lost with the connection', async () => {
    const { told, heard } = await visitScripted(
      [
        [WELCOME, QUESTION, 'listen'],
        [{ ...WELCOME, history: [QUESTION] }, 'listen', 1000],
      ],
      ({ network }) => network.reset(),
    )

    expect(heard).toEqual([{ type: 'say', ref: 're-one-1', text: expect.any(String) }])
    expect(told).toEqual([
      'In the room',
      'The connection was lost (1006).',
      'Back in the room',
      'Left the room',
    ])
  })

  it('chatBot() leaves without a word to what it reads when it has been told to', async () => {
    const { told, heard } = await visitScripted([[WELCOME, QUESTION, 'listen']], (_, stop) =>
      stop.abort(),
    )

    expect(heard).toEqual([])
    expect(told).toEqual(['In the room', 'Left the room'])
  })
})

const QUESTION = { type: 'said', id: 1, ref: 'ref-0001', name: 'Ada', text: '!time', at: 0 }
const WELCOME = { type: 'welcome', name: 'Bot', epoch: 'one', members: ['Bot'], history: [] }

/**
 * What a server does in one session, in order: sends a message, hears one of the bot, or closes
 * with a code.
 */
type Script = ReadonlyArray<object | 'listen' | number>

/** Writes down the next message; nothing when the session ends before. */
async function hear(
  incoming: { receiveCatching(): Promise<ReceiveResult<Frame>> },
  heard: unknown[],
): Promise<void> {
  const result = await incoming.receiveCatching()
  if (result.type !== 'value' || !(result.value instanceof Frame.Text)) return
  heard.push(JSON.parse(result.value.readText()))
}

/**
 * The bot with a server that plays one script in each session, until the bot has ended.
 *
 * @param arrived is called when the bot first says that it is in the room, before it reads on.
 */
async function visitScripted(
  scripts: Script[],
  arrived: (t: TestApplication, stop: AbortController) => void = () => {},
) {
  const told: string[] = []
  const heard: unknown[] = []
  await withTestApplication(async (t) => {
    t.application.install(WebSockets)
    t.application.routing((route) => {
      route.webSocket('/', async ({ incoming, send, close }) => {
        await incoming.receive() // the join
        for (const act of scripts.shift() ?? []) {
          if (typeof act === 'number') await close(new CloseReason(act))
          else if (act !== 'listen') await send(JSON.stringify(act))
          else await hear(incoming, heard)
        }
      })
    })
    // What the server sends at once arrives at once.
    t.network.delay(10, { towards: 'client' })
    const stop = new AbortController()
    const ended = chatBot(t.client, {
      url: 'ws://localhost/',
      name: 'Bot',
      signal: stop.signal,
      tell(sentence) {
        told.push(sentence.replace(RETRY, ''))
        if (sentence === 'In the room') arrived(t, stop)
      },
      now: () => START + t.clock.now(),
    })
    await t.clock.advance(10_000)
    await ended
  })
  return { told, heard }
}

describe('describeSetback()', () => {
  it('describeSetback() has words for all close codes of the chat', () => {
    const sentences = Object.values(ChatCloseCode).map((code) =>
      describeSetback({
        error: null,
        info: {
          reason: new CloseReason(code),
          local: null,
          remote: new CloseReason(code),
          initiator: 'remote',
          clean: true,
          cause: null,
        },
      }),
    )

    expect(sentences).toEqual([
      'The chat does not understand the bot',
      'Somebody in the room has the name of the bot',
      'The bot is in this room a second time',
    ])
  })
})
