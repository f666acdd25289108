import { headers, type Msg } from '@nats-io/transport-node'
import { describe, expect, it } from 'vitest'
import { KindStream } from '../../../src/brokers/nats/kind-stream.ts'
import { readHead, readPage } from '../../../src/brokers/nats/log-reader.ts'
import type { NatsConnection } from '../../../src/brokers/nats/nats-connection.ts'
import { JetStreamError } from '../../../src/brokers/nats/jetstream-answers.ts'
import { NatsNames } from '../../../src/brokers/nats/nats-names.ts'
import { readNatsOptions } from '../../../src/brokers/nats/nats-options.ts'
import { bytes, KIND, text } from '../../suites/brokers/harness.ts'

const ALL = { events: 100, bytes: 10_000 }

/** JetStream as the test says it is: sequences of one subject, at the leader and at a copy. */
function createWorld(options: {
  readonly leader: readonly number[]
  readonly copy?: readonly number[]
  readonly lastSequence?: number
  readonly messages?: number
}) {
  const { leader, copy = leader, lastSequence = leader.at(-1) ?? 0 } = options
  const stream = new KindStream(KIND, new NatsNames('test'), readNatsOptions({}), () => 'e')
  Object.defineProperty(stream, 'hasCopies', { value: options.copy !== undefined })
  const find = (from: readonly number[], query: Record<string, unknown>): number | undefined =>
    'last_by_subj' in query
      ? from.at(-1)
      : from.find((sequence) => sequence >= Number(query['seq']))
  // What the reader uses of a connection.
  const connection = {
    request(_subject: string, question: Uint8Array) {
      const sequence = find(copy, JSON.parse(text(question)) as Record<string, unknown>)
      if (sequence === undefined)
        return Promise.resolve({ headers: headers(404, 'none'), data: bytes('') })
      const all = headers()
      all.set('Nats-Sequence', String(sequence))
      return Promise.resolve({ headers: all, data: bytes(`${sequence}`) } as Msg)
    },
    ask(operation: string, query: Record<string, unknown>) {
      if (operation.startsWith('STREAM.INFO')) {
        const state = { last_seq: lastSequence, messages: options.messages ?? lastSequence - 1 }
        return Promise.resolve({ config: { num_replicas: 1 }, created: 'then', state })
      }
      const sequence = find(leader, query)
      if (sequence === undefined) return Promise.reject(new JetStreamError(10037, 'none'))
      const data = Buffer.from(`${sequence}`).toString('base64')
      return Promise.resolve({ message: { seq: sequence, data } })
    },
  } as unknown as NatsConnection
  return {
    head: () => readHead(connection, stream, 's'),
    read: async (after: number, limit = ALL) => {
      const head = (await readHead(connection, stream, 's')) ?? 0
      return readPage(connection, stream, 's', after, head, limit)
    },
  }
}

describe('readPage()', () => {
  it('T-11 a page after an event that is still there is complete', async () => {
    const { read } = createWorld({ leader: [3, 7, 9] })

    const page = await read(3)

    expect(page.events.map(({ offset }) => offset)).toEqual([7, 9])
    expect(page).toMatchObject({ head: 9, complete: true })
  })

  it('T-12 a page after an event that is gone may lack some', async () => {
    const { read } = createWorld({ leader: [7, 9] })

    expect((await read(3)).complete).toBe('unknown')
  })

  it('a page of a stream that has never lost anything is complete', async () => {
    const { read } = createWorld({ leader: [1, 2, 3], messages: 3 })

    expect((await read(0)).complete).toBe(true)
  })

  it('T-10 a position whose event has expired stays where it is', async () => {
    const { read } = createWorld({ leader: [], lastSequence: 50 })

    expect(await read(40)).toMatchObject({ head: 40, events: [], complete: 'unknown' })
  })

  it('T-14 a position above everything in the stream is above the head', async () => {
    const { read } = createWorld({ leader: [], lastSequence: 50 })

    expect(await read(51)).toMatchObject({ head: 0, events: [] })
  })

  it('what a copy does not have yet is read from the leader', async () => {
    const { read } = createWorld({ leader: [3, 7, 9], copy: [3] })

    const page = await read(3)

    expect(page.events.map(({ message }) => text(message))).toEqual(['7', '9'])
  })

  it('a page ends at its limit of events, and of bytes after the first', async () => {
    const { read } = createWorld({ leader: [10, 20, 30] })

    expect((await read(10, { events: 1, bytes: 100 })).events).toHaveLength(1)
    expect((await read(10, { events: 10, bytes: 1 })).events).toHaveLength(1)
  })
})

describe('readHead()', () => {
  it('the head is the newest event at the leader, whatever a copy has', async () => {
    expect(await createWorld({ leader: [3, 9], copy: [3] }).head()).toBe(9)
  })

  it('a topic without events has no head', async () => {
    expect(await createWorld({ leader: [] }).head()).toBeNull()
  })
})
