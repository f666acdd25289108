/**
 * A server of topics in memory, and the client of `towpath/client/topics` on it.
 */

import { z } from 'zod'
import { WebSockets } from '../../src/index.ts'
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
