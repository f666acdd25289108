/**
 * A client of the wire protocol of topics that speaks by hand, in either encoding.
 */

import { Frame, WebSockets, type WebSocketsOptions } from '../../src/index.ts'
import type { TestApplication, TestSession } from '../../src/testing/index.ts'
import {
  defineTopic,
  Denied,
  Topics,
  type ServeOptions,
  type TopicsOfProcess,
  type TopicsOptions,
} from '../../src/topics/index.ts'
import { CLIENT_LAYOUTS, SERVER_LAYOUTS } from '../../src/topics/wire/binary-layouts.ts'
import { decodeBinary, encodeBinary } from '../../src/topics/wire/binary-messages.ts'
import { BINARY_PROTOCOL, JSON_PROTOCOL } from '../../src/topics/wire/messages.ts'

const history = { size: 100, age: 600_000 }

export const Room = defineTopic('rooms/:room', { history })
export const Closed = defineTopic('closed/:name', { history })
export const Inbox = defineTopic('inboxes/:user', { history })
export const Plain = defineTopic('plain/:name')

export type Message = Record<string, unknown>
export type Encoding = 'json' | 'binary'

export const ENCODINGS: readonly Encoding[] = ['json', 'binary']

/** Topics at `/live`, with rooms of several permissions. */
export function serving(
  t: TestApplication,
  options: TopicsOptions = {},
  serve: ServeOptions = {},
  webSockets: WebSocketsOptions = {},
): TopicsOfProcess {
  t.application.install(WebSockets, webSockets)
  const topics = t.application.install(Topics, options)
  topics.allow(Room, {
    subscribe: ({ parameters, client }) => {
      if (parameters.room === 'secret') return new Denied('members-only', 'Join first')
      if (parameters.room === 'timed') {
        return client.token === 'long' || { until: new Date(Date.now() + 5000) }
      }
      return parameters.room !== 'forbidden'
    },
    publish: ({ parameters, event, client }) =>
      parameters.room === 'stamped'
        ? { event: { by: client.id, text: JSON.stringify(event) } }
        : true,
  })
  topics.allow(Plain, { subscribe: () => true, publish: () => true })
  t.application.routing((route) => topics.serve(route, '/live', serve))
  return topics
}

/** One connection. Messages have the fields of docs/topics-wire.md in both encodings. */
export class Speaking {
  readonly session: TestSession
  readonly #t: TestApplication
  readonly #topics = new Map<unknown, unknown>()

  private constructor(session: TestSession, t: TestApplication) {
    this.session = session
    this.#t = t
  }

  static async connect(t: TestApplication, encoding: Encoding): Promise<Speaking> {
    const protocols = [encoding === 'json' ? JSON_PROTOCOL : BINARY_PROTOCOL]
    return new Speaking(await t.connect('/live', { protocols }), t)
  }

  /** Connects, and says hello. */
  static async begin(
    t: TestApplication,
    encoding: Encoding,
    hello: Message = {},
  ): Promise<Speaking> {
    const client = await Speaking.connect(t, encoding)
    const welcome = await client.hello(hello)
    if (welcome['type'] !== 'welcome') throw new Error('Cannot begin: no welcome')
    return client
  }

  hello(fields: Message = {}): Promise<Message> {
    return this.ask({ type: 'hello', client: null, topics: [], ...fields })
  }

  async say(message: Message): Promise<void> {
    if (this.session.protocol === JSON_PROTOCOL) await this.session.send(JSON.stringify(message))
    else await this.session.send(encodeBinary(CLIENT_LAYOUTS, message) ?? unknownOf(message))
  }

  async hear(): Promise<Message> {
    const received = this.session.incoming.receive()
    await this.#t.clock.advance(1)
    const message = this.#read(await received)
    if (message['type'] === 'subscribed') this.#topics.set(message['number'], message['topic'])
    const topic = this.#topics.get(message['number'])
    return message['type'] === 'event' && topic !== undefined ? { ...message, topic } : message
  }

  async ask(message: Message): Promise<Message> {
    await this.say(message)
    return this.hear()
  }

  async code(): Promise<number> {
    await this.#t.clock.advance(1)
    return (await this.session.closeReason).code
  }

  #read(frame: Frame): Message {
    const message =
      frame instanceof Frame.Text
        ? (JSON.parse(frame.readText()) as Message) // of the server
        : decodeBinary(SERVER_LAYOUTS, frame.buffer ?? new Uint8Array(0))
    if (message === null) throw new Error('Cannot hear: the message has no layout')
    return message
  }
}

/** A message of a type that has no layout. Requests begin with their id. */
function unknownOf({ id }: Message): Uint8Array {
  return new Uint8Array([255, Number(id)])
}
