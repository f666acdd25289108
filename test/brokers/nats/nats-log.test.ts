import { headers as createHeaders, type Msg } from '@nats-io/transport-node'
import { describe, expect, it } from 'vitest'
import { KindStream } from '../../../src/brokers/nats/kind-stream.ts'
import type { KindStreams } from '../../../src/brokers/nats/kind-streams.ts'
import type { NatsConnection } from '../../../src/brokers/nats/nats-connection.ts'
import { NatsLog } from '../../../src/brokers/nats/nats-log.ts'
import { messageIdOf, NatsNames } from '../../../src/brokers/nats/nats-names.ts'
import { readNatsOptions } from '../../../src/brokers/nats/nats-options.ts'
import type { WantedEvents } from '../../../src/brokers/subscriptions.ts'
import {
  BrokerUnavailableError,
  ExpectationFailedError,
  PublishRefusedError,
  PublishUncertainError,
} from '../../../src/topics/index.ts'
import { bytes, KIND, topicOf } from '../../suites/brokers/harness.ts'

const ROOM = topicOf('rooms/1')
const WANTED: WantedEvents = { type: 'event', topic: ROOM }
const STREAM = 'towpath=test=rooms=2F=3Aroom'

class Forbidden extends Error {}

/** A log whose server answers what the test says. */
function createWorld() {
  const stream = new KindStream(KIND, new NatsNames('test'), readNatsOptions({}), () => 'e')
  Object.defineProperty(stream, 'epoch', { value: 'e' })
  const failures: unknown[] = []
  const server = {
    append: { seq: 1 } as unknown,
    newest: null as number | null,
    newestId: '',
    lastSequence: 0,
    isUnheard: false,
    isForbidden: false,
    /** What the barrier brings about, and its answer. */
    appliesAll: (): unknown => ({ json: () => ({ seq: server.lastSequence + 1 }) }),
  }
  // What a log uses of a connection.
  const connection = {
    maxMessageBytes: 100,
    isUnheard: () => server.isUnheard,
    isForbidden: (error: unknown) => error instanceof Forbidden,
    fail: (cause: unknown) => failures.push(cause),
    request(subject: string) {
      if (subject.startsWith('$JS.API.DIRECT')) {
        const all = server.newest === null ? createHeaders(404, 'none') : createHeaders()
        all.set('Nats-Sequence', String(server.newest))
        if (server.newestId !== '') all.set('Nats-Msg-Id', server.newestId)
        return Promise.resolve({ headers: all, data: bytes('') })
      }
      if (server.isUnheard) return Promise.reject(new Error('no responders'))
      if (server.isForbidden) return Promise.reject(new Forbidden())
      return Promise.resolve({ json: () => server.append })
    },
    requestOfNew: () => Promise.resolve(server.appliesAll()),
    ask: () =>
      Promise.resolve({
        config: { num_replicas: 1 },
        created: 'then',
        state: { last_seq: server.lastSequence, messages: 0 },
      }),
  } as unknown as NatsConnection
  const streams = { of: () => stream, find: () => stream } as unknown as KindStreams
  const followed = new Set([WANTED])
  const log = new NatsLog(streams, () => (followed.has(WANTED) ? WANTED : undefined))
  const append = (message = 'x', epoch?: string) =>
    log.append(connection, {
      topic: ROOM,
      message: bytes(message),
      identity: { id: 'x' },
      expect: epoch === undefined ? undefined : { epoch, offset: 1 },
    })
  const head = async () => (await log.heads(connection, [ROOM]))[0]
  return { log, server, followed, failures, append, head }
}

/** An event as JetStream republishes it. */
function republished(facts: Readonly<Record<string, string>>): Msg {
  const all = createHeaders()
  const own = { 'Nats-Stream': STREAM, 'Nats-Sequence': '7', 'Nats-Last-Sequence': '5' }
  for (const [name, value] of Object.entries({ ...own, ...facts })) all.set(name, value)
  return { headers: all } as Msg
}

describe('NatsLog.append()', () => {
  it('T-20 a duplicate whose sequence JetStream does not know has the offset null', async () => {
    const { append, server } = createWorld()
    server.append = { seq: 0, duplicate: true }

    expect(await append()).toEqual({ epoch: 'e', offset: null, duplicate: true })
  })

  it('T-19 what nobody has heard is not stored', async () => {
    const { append, server } = createWorld()
    server.isUnheard = true

    await expect(append()).rejects.toThrow(BrokerUnavailableError)
  })

  it('T-19 what the permissions forbid is not stored', async () => {
    const { append, server } = createWorld()
    server.isForbidden = true

    await expect(append()).rejects.toMatchObject({
      code: 'TOWPATH_BROKER_UNAVAILABLE',
      message: 'Cannot publish to "rooms/1": the permissions of NATS forbid it',
    })
  })

  it('T-19 a refusal whose meaning is not known is uncertain', async () => {
    const { append, server } = createWorld()
    server.append = { error: { err_code: 10158, description: 'in process' } }

    await expect(append()).rejects.toThrow(PublishUncertainError)
  })

  it.each([{ seq: -1 }, { seq: 1.5 }, { seq: 'x' }, {}, [], 'x', null])(
    'T-19 an acknowledgement of %j does not resolve the append',
    async (answer) => {
      const { append, server } = createWorld()
      server.append = answer

      await expect(append()).rejects.toThrow('Cannot read the answer of JetStream')
    },
  )

  it('a message that is larger than NATS takes is refused', async () => {
    await expect(createWorld().append('x'.repeat(101))).rejects.toThrow(PublishRefusedError)
  })

  it('T-24 an expectation of another epoch is refused', async () => {
    await expect(createWorld().append('x', 'another')).rejects.toThrow(ExpectationFailedError)
  })

  it('T-19 T-24 a repeated append of an older epoch is known if its event is stored', async () => {
    const { append, server } = createWorld()
    server.newest = 8
    server.newestId = messageIdOf(ROOM.name, { id: 'x' })

    expect(await append('x', 'older')).toEqual({ epoch: 'e', offset: 8, duplicate: true })
    server.newestId = 'of another append'
    await expect(append('x', 'older')).rejects.toThrow(ExpectationFailedError)
  })
})

describe('NatsLog.placeOf()', () => {
  const heard = (facts: Readonly<Record<string, string>>) =>
    createWorld().log.placeOf(republished(facts), WANTED)

  it('T-05 an event says which one came before it', () => {
    expect(heard({})).toEqual({ epoch: 'e', offset: 7, previous: 5 })
  })

  it.each([
    { 'Nats-Stream': 'another' },
    { 'Nats-Sequence': '-1' },
    { 'Nats-Sequence': '99999999999999999' },
    { 'Nats-Sequence': 'x' },
    { 'Nats-Last-Sequence': '7' },
    { 'Nats-Last-Sequence': '8' },
    { 'Nats-Last-Sequence': '' },
  ])('T-34 a message with %j is not an event', (facts) => {
    expect(heard(facts)).toBeNull()
  })
})

describe('NatsLog.heads()', () => {
  it('the head of a followed topic stays when its last event has expired', async () => {
    const { head, server, failures } = createWorld()
    server.newest = 7
    await head()

    server.newest = null
    server.lastSequence = 9

    expect(await head()).toEqual({ epoch: 'e', offset: 7 })
    expect(failures).toEqual([])
  })

  it('T-33 a stream below a head that was seen ends the connection', async () => {
    const { log, head, server, failures } = createWorld()
    log.placeOf(republished({}), WANTED)

    server.lastSequence = 6
    await head()

    expect(failures).toEqual([new Error('The stream has lost its tail')])
  })

  it('T-34 a leader that has not applied everything is asked again when it has', async () => {
    const { log, head, server, failures } = createWorld()
    log.placeOf(republished({}), WANTED)
    server.newest = 5
    server.lastSequence = 5
    server.appliesAll = () => {
      server.newest = 7
      server.lastSequence = 7
      return { json: () => ({ seq: 8 }) }
    }

    expect(await head()).toEqual({ epoch: 'e', offset: 7 })
    expect(failures).toEqual([])
  })

  it('nothing is remembered of a topic that is not followed', async () => {
    const { log, head, server, followed } = createWorld()
    followed.clear()
    log.placeOf(republished({}), WANTED)

    server.lastSequence = 9

    expect(await head()).toEqual({ epoch: 'e', offset: 0 })
  })
})
