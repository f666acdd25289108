import { describe, expect, it } from 'vitest'
import { KindStream } from '../../../src/brokers/nats/kind-stream.ts'
import { KindStreams } from '../../../src/brokers/nats/kind-streams.ts'
import { JetStreamError } from '../../../src/brokers/nats/jetstream-answers.ts'
import type { NatsConnection } from '../../../src/brokers/nats/nats-connection.ts'
import { NatsNames } from '../../../src/brokers/nats/nats-names.ts'
import { readNatsOptions } from '../../../src/brokers/nats/nats-options.ts'
import { settled } from '../../../src/testing/test-environment.ts'
import { BrokerUnavailableError } from '../../../src/topics/index.ts'
import { KIND, SMALL_KIND, topicOf } from '../../suites/brokers/harness.ts'

const ROOM = topicOf('rooms/1')
const DESCRIPTION = 'towpath 0123456789abcdef'

/** JetStream with both kinds' streams, and one marker that the test may replace. */
function createWorld(replicas = 1, created: () => string = () => 'then') {
  const names = new NatsNames('test')
  const streams = new KindStreams(names, readNatsOptions({}), () => 'own')
  const marker = { epoch: 'e1' }
  const failures: unknown[] = []
  const requests: string[] = []
  const asked: string[] = []
  const markers = { messages: 1 }
  let refusal: Error | null = null
  const answer = (operation: string): Record<string, unknown> => {
    asked.push(operation)
    if (operation === `STREAM.INFO.${names.markers}`) {
      const { messages } = markers
      return { config: { num_replicas: replicas }, state: { last_seq: messages, messages } }
    }
    if (operation.startsWith('STREAM.MSG.GET')) {
      const data = JSON.stringify({ epoch: marker.epoch, stream: DESCRIPTION, server: 'S' })
      return { message: { seq: 1, data: Buffer.from(data).toString('base64') } }
    }
    const kind = operation.includes('small') ? SMALL_KIND : KIND
    const limits = {
      max_msgs_per_subject: kind.size + 1,
      max_age: kind.ageMs * 1e6,
      duplicate_window: kind.dedupeMs * 1e6,
    }
    const dest = `${names.kind(kind.id).live}.{{wildcard(1)}}`
    const description = DESCRIPTION
    const config = { ...limits, num_replicas: replicas, republish: { dest }, description }
    return { config, created: created(), state: { last_seq: 5, messages: 5 } }
  }
  // What streams use of a connection.
  const connection = {
    info: { server_id: 'S' },
    ask: (operation: string) =>
      refusal === null ? Promise.resolve(answer(operation)) : Promise.reject(refusal),
    requestOfNew(subject: string) {
      requests.push(subject)
      return Promise.resolve({ json: () => ({ seq: 10 }) })
    },
    fail: (cause: unknown) => failures.push(cause),
  } as unknown as NatsConnection
  const refuse = (error: Error | null): void => void (refusal = error)
  return { streams, names, marker, markers, connection, failures, asked, requests, refuse }
}

describe('KindStreams', () => {
  it('throws for a topic whose kind is not prepared on this connection', async () => {
    const { streams, connection } = createWorld()
    expect(() => streams.of(ROOM)).toThrow(BrokerUnavailableError)
    streams.add(KIND)
    await streams.prepare(connection, KIND)
    expect(streams.of(ROOM)).toBeInstanceOf(KindStream)

    streams.reset()

    expect(() => streams.of(ROOM)).toThrow(BrokerUnavailableError)
  })

  it('a new connection verifies every stream, one after another', async () => {
    const { streams, connection } = createWorld()
    for (const kind of [KIND, SMALL_KIND]) {
      streams.add(kind)
      await streams.prepare(connection, kind)
    }

    streams.reset()
    let count = 0
    for (;;) {
      const verifying = streams.verifyNext(connection)
      if (verifying === null) break
      await verifying
      count++
    }

    expect(count).toBe(2)
    expect(streams.of(ROOM).epoch).toBe('e1')
  })

  it('a kind that cannot be prepared now ends the connection, and is prepared on the next', async () => {
    const { streams, connection, failures, refuse } = createWorld()
    streams.add(KIND)
    refuse(new JetStreamError(10008, 'no leader'))
    await expect(streams.prepare(connection, KIND)).rejects.toThrow('no leader')
    expect(failures).toHaveLength(1)

    refuse(null)
    streams.reset()
    await streams.verifyNext(connection)

    expect(streams.of(ROOM).epoch).toBe('e1')
  })

  it('T-18 a stream with copies is used after its leader has acknowledged a message', async () => {
    const [single, copied] = [createWorld(1), createWorld(3)]
    for (const { streams, connection } of [single, copied]) {
      streams.add(KIND)
      await streams.prepare(connection, KIND)
    }

    expect(single.requests).toEqual([])
    expect(copied.requests).toEqual([`${copied.names.kind(KIND.id).stored}.==`])
  })

  it('asks for no message of a stream that has none: NATS 2.9 may crash while it is made', async () => {
    const { streams, names, markers, connection, asked, requests } = createWorld()
    markers.messages = 0
    streams.add(KIND)
    await streams.prepare(connection, KIND)

    expect(asked).toContain(`STREAM.INFO.${names.markers}`)
    expect(asked.filter((operation) => operation.includes('MSG.GET'))).toEqual([])
    expect(requests).toEqual([names.kind(KIND.id).marker])
    expect(streams.of(ROOM).epoch).toBe('own')
  })

  it('T-33 a marker that moves while its stream is verified ends the connection', async () => {
    const { streams, names, marker, connection, failures } = createWorld()
    const ask = connection.ask.bind(connection)
    // Another node replaces the marker when this one has just read it.
    connection.ask = async (operation, question) => {
      const answer = await ask(operation, question)
      if (operation.startsWith('STREAM.MSG.GET') && marker.epoch === 'e1') {
        marker.epoch = 'e2'
        await streams.markerMoved(connection, names.kind(KIND.id).marker)
      }
      return answer
    }
    streams.add(KIND)
    await streams.prepare(connection, KIND)

    expect(failures).toEqual([new Error('A new epoch has begun')])
  })

  it('T-33 copies that disagree on when the stream was created keep its epoch', async () => {
    let leaders = 0
    const { streams, connection, requests } = createWorld(3, () => `leader ${++leaders}`)
    streams.add(KIND)
    await streams.prepare(connection, KIND)

    streams.reset()
    await streams.verifyNext(connection)

    expect(streams.of(ROOM).epoch).toBe('e1')
    expect(requests.filter((subject) => subject.includes('.e.'))).toEqual([])
  })

  it('T-33 a marker with a new epoch ends the connection; the same one does not', async () => {
    const { streams, names, marker, connection, failures } = createWorld()
    streams.add(KIND)
    await streams.prepare(connection, KIND)
    const { marker: subject } = names.kind(KIND.id)

    await streams.markerMoved(connection, subject)
    await streams.markerMoved(connection, 'another')
    expect(failures).toEqual([])
    marker.epoch = 'e2'
    await streams.markerMoved(connection, subject)
    await settled()

    expect(failures).toEqual([new Error('A new epoch has begun')])
  })

  it('T-33 a stream that another node creates at the same moment is used', async () => {
    const { streams, names, connection } = createWorld()
    const { stream } = names.kind(KIND.id)
    const ask = connection.ask.bind(connection)
    let isCreated = false
    connection.ask = (operation, question) => {
      if (operation === `STREAM.CREATE.${stream}`) {
        isCreated = true
        // What JetStream says of a stream of the same name that is not complete.
        return Promise.reject(new JetStreamError(10065, 'subjects overlap'))
      }
      if (operation === `STREAM.INFO.${stream}` && !isCreated) {
        return Promise.reject(new JetStreamError(10059, 'stream not found'))
      }
      return ask(operation, question)
    }
    streams.add(KIND)

    await streams.prepare(connection, KIND)

    expect(streams.of(ROOM).epoch).toBe('e1')
  })
})
