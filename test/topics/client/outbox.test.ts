import { beforeEach, describe, expect, it } from 'vitest'
import type { ClientConnection } from '../../../src/topics/client/client-connection.ts'
import type { ClientFields } from '../../../src/topics/client/client-encodings.ts'
import { Outbox } from '../../../src/topics/client/outbox.ts'
import {
  createTestEnvironment,
  type TestEnvironment,
} from '../../../src/testing/test-environment.ts'

const DEDUPE_MS = 120_000
const WELCOME = { limits: { unanswered: 32 }, dedupe: DEDUPE_MS }
const stored = (offset: number) => ({ epoch: 'e', offset, duplicate: false })

/** A connection as an outbox uses it. */
class Connection {
  readonly environment: TestEnvironment = createTestEnvironment(1)
  sent: ClientFields[] = []
  isOpen = true
  end: { readonly error: Error | null } | null = null
  #ids = 0

  nextId(): number {
    return ++this.#ids
  }

  now(): number {
    return this.environment.clock.now()
  }

  later(ms: number, task: () => void): void {
    this.environment.timers.schedule(ms, task)
  }

  send(message: ClientFields): boolean {
    if (this.isOpen) this.sent.push(message)
    return this.isOpen
  }

  /** The numbers that were sent since the last look, with their topics. */
  take(): string {
    const { sent } = this
    this.sent = []
    return sent.map(({ topic, seq }) => `${String(topic)}${String(seq)}`).join(' ')
  }
}

let connection: Connection
let outbox: Outbox

beforeEach(() => {
  connection = new Connection()
  outbox = createOutbox()
})

function createOutbox(limits = { messages: 64, bytes: 1000 }): Outbox {
  return new Outbox(limits, () => connection as unknown as ClientConnection) // what it uses
}

function publish(topic = 'a', bytes = 1, signal: AbortSignal | null = null): Promise<unknown> {
  return outbox.publish(topic, { data: 0 }, bytes, signal).catch((error: unknown) => error)
}

describe('Outbox', () => {
  it('numbers the publishes of each topic from 1, and sends them in order', () => {
    for (const topic of ['a', 'a', 'b', 'a']) void publish(topic)

    expect(connection.take()).toBe('a1 a2 b1 a3')
    expect(outbox.size).toBe(4)
  })

  it('resolves a publish with the answer that has its id', async () => {
    const [first, second] = [publish(), publish()]
    outbox.published(2, stored(9))
    expect(await second).toEqual(stored(9))
    outbox.published(1, stored(8))

    expect(await first).toEqual(stored(8))
    expect(outbox.size).toBe(0)
  })

  it('has no more than the server allows without an answer', () => {
    for (let n = 0; n < 40; n++) void publish()
    expect(connection.sent).toHaveLength(32)
    connection.take()
    outbox.published(1, stored(1))

    expect(connection.take()).toBe('a33')
  })

  it('T-22 a new session gets what was not answered first, with the same numbers and ids', () => {
    for (let n = 0; n < 3; n++) void publish()
    const before = connection.sent
    outbox.published(2, stored(1))
    connection.isOpen = false
    void publish()
    connection.sent = []
    connection.isOpen = true
    outbox.opened(WELCOME, true)
    void publish()

    expect(connection.sent.slice(0, 2)).toEqual([before[0], before[2]])
    expect(connection.take()).toBe('a1 a3 a4 a5')
  })

  it('T-21 does not send again shortly before the server forgets the number', async () => {
    const old = publish()
    await connection.environment.clock.advance(DEDUPE_MS / 2)
    outbox.opened(WELCOME, true)
    await connection.environment.clock.advance(DEDUPE_MS * 0.4 + 1)
    const fresh = publish()
    connection.take()
    outbox.opened(WELCOME, true)

    expect(await old).toMatchObject({ code: 'TOWPATH_PUBLISH_UNCERTAIN', topic: 'a' })
    expect(connection.take()).toBe('a2')
    outbox.published(2, stored(1))
    expect(await fresh).toEqual(stored(1))
  })

  it('does not send again to a server that does not know the client', async () => {
    const sent = publish()
    connection.isOpen = false
    void publish()
    connection.take()
    connection.isOpen = true
    outbox.opened(WELCOME, false)

    expect(await sent).toMatchObject({ code: 'TOWPATH_PUBLISH_UNCERTAIN' })
    expect(connection.take()).toBe('a2')
  })

  it('after a refusal for now, the topic waits, and then goes on in order', async () => {
    for (const topic of ['a', 'a', 'b']) void publish(topic)
    connection.take()
    expect(outbox.refused(1, 'rate', '', 500)).toBe(true)
    expect(outbox.refused(2, 'order', '', 0)).toBe(true)
    void publish('a')
    void publish('b')
    expect(connection.take()).toBe('b2')
    await connection.environment.clock.advance(500)

    expect(connection.take()).toBe('a1 a2 a3')
  })

  it('T-19 a publish that was refused for now is not uncertain, however long that takes', async () => {
    const [first, second] = [publish(), publish()]
    for (let attempt = 0; attempt < 4; attempt++) {
      outbox.refused(1, 'unavailable', '', 60_000)
      outbox.refused(2, 'order', '', 0)
      await connection.environment.clock.advance(60_000)
    }
    expect(connection.take()).toBe('a1 a2 a1 a2 a1 a2 a1 a2 a1 a2')
    outbox.refused(2, 'order', '', 0)
    outbox.published(1, stored(1))
    expect(await first).toEqual(stored(1))
    outbox.refused(2, 'rate', '', 1000)
    outbox.end()

    expect(await second).toMatchObject({ code: 'TOWPATH_PUBLISH_REFUSED', reason: 'closed' })
  })

  it('T-21 a publish that was sent after a refusal is repeated only while dedupe lasts', async () => {
    const published = publish()
    outbox.refused(1, 'unavailable', '', 60_000)
    await connection.environment.clock.advance(60_000)
    await connection.environment.clock.advance(DEDUPE_MS)
    outbox.opened(WELCOME, true)

    expect(await published).toMatchObject({ code: 'TOWPATH_PUBLISH_UNCERTAIN' })
    expect(connection.take()).toBe('a1 a1')
  })

  it('a refusal of a repeated publish says nothing about its first attempt', async () => {
    const published = publish()
    outbox.opened(WELCOME, true)
    outbox.refused(1, 'rate', '', 1000)
    outbox.end()

    expect(await published).toMatchObject({ code: 'TOWPATH_PUBLISH_UNCERTAIN' })
  })

  it.each([
    ['size', { code: 'TOWPATH_PUBLISH_REFUSED', reason: 'size' }],
    ['schema', { reason: 'schema' }],
    ['forbidden', { reason: 'forbidden', message: 'Cannot publish to "a": too late' }],
    ['uncertain', { code: 'TOWPATH_PUBLISH_UNCERTAIN' }],
  ] as const)('rejects what is refused for good: %s', async (code, facts) => {
    const refused = publish()
    expect(outbox.refused(1, code, 'Cannot publish to "a": too late', null)).toBe(true)

    expect(await refused).toMatchObject(facts)
    expect(outbox.size).toBe(0)
    expect(outbox.refused(1, code, '', null)).toBe(false)
  })

  it('holds no more messages or bytes than its limits, but one of any size', async () => {
    outbox = createOutbox({ messages: 2, bytes: 10 })
    const large = publish('a', 1000)
    expect(await publish('a', 1)).toMatchObject({ reason: 'busy' })
    outbox.published(1, stored(1))
    await large
    for (let n = 0; n < 2; n++) void publish('a', 5)
    expect(await publish('a', 1)).toMatchObject({ reason: 'busy' })
    outbox.published(2, stored(2))
    void publish('a', 5)
    expect(outbox.size).toBe(2)

    expect(await publish('a', 0)).toMatchObject({ reason: 'busy' })
  })

  it('a signal gives up a publish that was not sent, and one that was keeps its place', async () => {
    const [early, late] = [new AbortController(), new AbortController()]
    const sent = publish('a', 1, early.signal)
    connection.isOpen = false
    const waiting = publish('a', 1, late.signal)
    early.abort(new Error('enough'))
    late.abort(new Error('enough'))

    expect([await sent, await waiting]).toEqual([new Error('enough'), new Error('enough')])
    expect(outbox.size).toBe(1)
    const aborted = AbortSignal.abort(new Error('before'))
    expect(await publish('a', 1, aborted)).toEqual(new Error('before'))
    expect(outbox.size).toBe(1)
  })

  it('its end rejects what was sent as uncertain, the rest as closed, and all that follows', async () => {
    const sent = publish()
    connection.isOpen = false
    const waiting = publish()
    connection.end = { error: null }
    outbox.end()

    expect(await sent).toMatchObject({ code: 'TOWPATH_PUBLISH_UNCERTAIN' })
    expect(await waiting).toMatchObject({ reason: 'closed' })
    expect(await publish()).toMatchObject({ reason: 'closed' })
    expect(outbox.size).toBe(0)
  })
})
