/**
 * A server of topics in memory, and the client of `towpath/client/topics` on it.
 */

import { z } from 'zod'
import { Frame, WebSockets } from '../../src/index.ts'
import type { TestApplication } from '../../src/testing/index.ts'
import {
  defineTopic,
  type ServeOptions,
  Topics,
  type TopicsOfProcess,
  type TopicsOptions,
} from '../../src/topics/index.ts'
import {
  connectTopicsOn,
  type LiveTopics,
  type TopicsClientOptions,
} from '../../src/topics/portable.ts'
import { JSON_PROTOCOL } from '../../src/topics/wire/messages.ts'

const history = { size: 1000, age: 600_000 }

export const Room = defineTopic('rooms/:room', {
  history,
  event: z.union([z.string(), z.number(), z.instanceof(Uint8Array)]),
})
export const Inbox = defineTopic('inboxes/:user', { history })
export const room = { room: '1' }

/** Topics at `/live`: every room but `forbidden`, and an inbox that the server subscribes to. */
export function serving(
  t: TestApplication,
  options: TopicsOptions = {},
  serve: ServeOptions = {},
): TopicsOfProcess {
  t.application.install(WebSockets)
  const topics = t.application.install(Topics, options)
  topics.allow(Room, {
    subscribe: ({ parameters }) => parameters.room !== 'forbidden',
    publish: ({ parameters }) => parameters.room !== 'forbidden',
  })
  t.application.routing((route) =>
    topics.serve(route, '/live', {
      connected: (client) => client.subscribe(Inbox, { user: 'a' }),
      ...serve,
    }),
  )
  return topics
}

/** A client that comes back after a second. */
export function connecting(
  t: TestApplication,
  options?: TopicsClientOptions,
  url = 'ws://localhost/live',
): LiveTopics {
  return connectTopicsOn(
    {
      connect: (protocols, opened) =>
        t.client.connect(url, {
          protocols,
          opened,
          reconnect: { baseDelay: 1000, maxDelay: 1000, jitter: 0 },
        }),
      clock: t.clock,
    },
    options,
  )
}

/** A message of the protocol. */
export type Message = Record<string, unknown>

type Answer = readonly Message[] | null

export const WELCOME = {
  type: 'welcome',
  client: 'a.b',
  dedupe: 120_000,
  features: [],
  limits: { topics: 128, eventBytes: 65_536, publishesPerSecond: 20, unanswered: 32 },
}

/**
 * A server of JSON alone that answers as `answer` says, and `hello` with `welcome` by default.
 *
 * @returns the codes of the Close frames that it has received.
 */
export function scripted(
  t: TestApplication,
  answer: (message: Message) => Answer | Promise<Answer>,
): readonly unknown[] {
  const codes: unknown[] = []
  t.application.install(WebSockets)
  t.application.routing((route) =>
    route.webSocket('/live', { protocols: [JSON_PROTOCOL] }, async (session) => {
      void session.closed.then(({ remote }) => codes.push(remote?.code))
      for await (const frame of session.incoming) {
        if (!(frame instanceof Frame.Text)) continue
        const message = JSON.parse(frame.readText()) as Message // of the client
        const said = (await answer(message)) ?? (message['type'] === 'hello' ? [WELCOME] : [])
        for (const each of said) await session.send(JSON.stringify(each))
      }
    }),
  )
  return codes
}
