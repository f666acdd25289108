import { describe, expect, it } from 'vitest'
import { UnusableEngineError } from '../../../src/brokers/broker-link.ts'
import { JetStreamError } from '../../../src/brokers/nats/jetstream-answers.ts'
import {
  createStream,
  descriptionOf,
  streamInfo,
} from '../../../src/brokers/nats/jetstream-streams.ts'
import type { NatsConnection } from '../../../src/brokers/nats/nats-connection.ts'

const INFO = {
  config: { num_replicas: 1, description: descriptionOf('0123456789abcdef') },
  created: 'then',
  state: { last_seq: 5, messages: 4 },
}

/** A server that answers each operation as `answers` says, and records the questions. */
function createWorld(answers: Readonly<Record<string, unknown>>, isClustered = false) {
  const asked: Array<readonly [string, unknown]> = []
  // What the functions use of a connection.
  const connection = {
    isClustered,
    ask(operation: string, question: unknown) {
      asked.push([operation, question])
      const answer = answers[operation]
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer)
    },
  } as unknown as NatsConnection
  return { connection, asked }
}

describe('streamInfo()', () => {
  it('T-33 a stream is identified by its description, or by when it was created', async () => {
    const info = (answer: unknown) =>
      streamInfo(createWorld({ 'STREAM.INFO.s': answer }).connection, 's')

    expect(await info(INFO)).toMatchObject({
      identity: 'towpath 0123456789abcdef',
      lastSequence: 5,
      messages: 4,
      replicas: 1,
    })
    const old = { ...INFO, config: { num_replicas: 1, description: 'mine' } }
    expect(await info(old)).toMatchObject({ identity: 'then' })
  })

  it.each([
    {},
    { ...INFO, config: null },
    { ...INFO, state: {} },
    { ...INFO, state: { last_seq: -1, messages: 0 } },
    { ...INFO, state: { last_seq: 1, messages: '∞' } },
  ])('T-34 the answer %j is an error', async (answer) => {
    const { connection } = createWorld({ 'STREAM.INFO.s': answer })

    await expect(streamInfo(connection, 's')).rejects.toThrow('answer of JetStream')
  })
})

describe('createStream()', () => {
  it('a stream has three copies in a cluster, and otherwise one', async () => {
    const [cluster, single] = [createWorld({}, true), createWorld({})]
    await createStream(cluster.connection, 's', null, {})
    await createStream(single.connection, 's', null, {})
    await createStream(single.connection, 's', 5, {})

    const copies = [...cluster.asked, ...single.asked].map(([, question]) => question)
    expect(copies.map((each) => (each as { num_replicas: number }).num_replicas)).toEqual([3, 1, 5])
  })

  it('a stream that another node has created, or is creating, is used', async () => {
    const inUse = createWorld({ 'STREAM.CREATE.s': new JetStreamError(10058, 'in use') })
    await expect(createStream(inUse.connection, 's', null, {})).resolves.toBeUndefined()

    const overlap = new JetStreamError(10065, 'subjects overlap')
    const half = createWorld({ 'STREAM.CREATE.s': overlap, 'STREAM.INFO.s': INFO })
    await expect(createStream(half.connection, 's', null, {})).resolves.toBeUndefined()
  })

  it('subjects of another stream, and too few servers, make NATS unusable', async () => {
    const missing = new JetStreamError(10059, 'not found')
    for (const number of [10065, 10074]) {
      const refusal = new JetStreamError(number, 'refused')
      const { connection } = createWorld({ 'STREAM.CREATE.s': refusal, 'STREAM.INFO.s': missing })
      await expect(createStream(connection, 's', null, {})).rejects.toThrow(UnusableEngineError)
    }
  })

  it('a refusal that another attempt may mend is passed on', async () => {
    const refusal = new JetStreamError(10008, 'no leader')
    const { connection } = createWorld({ 'STREAM.CREATE.s': refusal })

    await expect(createStream(connection, 's', null, {})).rejects.toBe(refusal)
  })
})
