import { describe, expect, it } from 'vitest'
import type { Broker } from '../../../src/topics/index.ts'
import {
  BrokerUnavailableError,
  memoryBroker,
  MemoryLog,
  PublishUncertainError,
} from '../../../src/topics/index.ts'
import { KEYS_KIND, keyLogOf } from '../../../src/topics/presence/key-record.ts'
import { KeyRecords } from '../../../src/topics/presence/key-records.ts'
import { createTestEnvironment } from '../../../src/testing/test-environment.ts'

const KEY = keyLogOf('room', 'ada')
const RECORD = { holder: 'one', nodes: ['a'] }

async function opened(nodeId = 'a', log = new MemoryLog()): Promise<Broker> {
  const broker = memoryBroker({ log })
  const environment = createTestEnvironment(1)
  const sink = { event() {}, message() {}, state() {} }
  await broker.open(sink, { namespace: 'test', nodeId, environment })
  return broker
}

describe('KeyRecords', () => {
  it('reads the record that was written, and none of a key that nobody had', async () => {
    const records = new KeyRecords(await opened(), 'a')
    const { head, record } = await records.read(KEY)
    expect([head.offset, record]).toEqual([0, null])

    const place = await records.write(KEY, RECORD, head)

    expect(await records.read(KEY)).toEqual({ head: place, record: RECORD })
    expect((await records.read(keyLogOf('room', 'bob'))).record).toBeNull()
  })

  it('T-59 of two processes that have read the same record, one replaces it', async () => {
    const log = new MemoryLog()
    const [a, b] = [
      new KeyRecords(await opened('a', log), 'a'),
      new KeyRecords(await opened('b', log), 'b'),
    ]
    const { head } = await a.read(KEY)

    const first = await b.write(KEY, { holder: 'two', nodes: ['b'] }, head)
    expect(await a.write(KEY, RECORD, head)).toBeNull()

    expect((await a.read(KEY)).head).toEqual(first)
    expect(a.isUncertain(KEY)).toBe(false)
  })

  it('a record without an answer is uncertain until a later one is stored', async () => {
    const broker = await opened()
    const records = new KeyRecords(broker, 'a')
    const { head } = await records.read(KEY)
    const append = broker.append.bind(broker)
    broker.append = ({ name }) => Promise.reject(new PublishUncertainError(name))
    await expect(records.write(KEY, RECORD, head)).rejects.toThrow(PublishUncertainError)
    expect(records.isUncertain(KEY)).toBe(true)
    broker.append = append

    await records.write(KEY, RECORD, head)

    expect(records.isUncertain(KEY)).toBe(false)
  })

  it('prepares the kind of its logs once, and again after a failure', async () => {
    const broker = await opened()
    const prepared: unknown[] = []
    let isDown = true
    broker.prepare = (kind) => {
      prepared.push(kind)
      return isDown
        ? Promise.reject(new BrokerUnavailableError('prepare', null))
        : Promise.resolve()
    }
    const records = new KeyRecords(broker, 'a')
    await expect(records.read(KEY)).rejects.toThrow(BrokerUnavailableError)
    isDown = false
    await records.read(KEY)
    await records.read(KEY)

    expect(prepared).toEqual([KEYS_KIND, KEYS_KIND])
  })
})
