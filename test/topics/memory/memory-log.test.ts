import { describe, expect, it } from 'vitest'
import { MemoryLog } from '../../../src/topics/memory/memory-log.ts'
import { createMemoryHarness } from '../../support/memory-harness.ts'
import { bytes, RecordingSink, topicOf } from '../../suites/brokers/harness.ts'

const DAY_MS = 24 * 3_600_000
const random = (target: Uint8Array): Uint8Array => target.fill(1)
const LINK = { event() {}, message() {}, cut() {}, mend() {}, delay() {} }

describe('MemoryLog', () => {
  it('loses as many deliveries as it is told to, and the chain shows it', async () => {
    const { log, create, environment } = createMemoryHarness()
    const sink = new RecordingSink()
    const broker = create()
    await broker.open(sink, { namespace: 'test', nodeId: 'a', environment })
    const room = topicOf('rooms/1')
    await broker.follow(room)

    log.drop(1)
    for (const id of ['a', 'b']) await broker.append(room, bytes(id), { id })

    expect(sink.events.map(({ place }) => place.previous)).toEqual([1])
  })

  it('delays requests, answers and deliveries', async () => {
    const { log, create, environment, pass } = createMemoryHarness()
    const sink = new RecordingSink()
    const broker = create()
    await broker.open(sink, { namespace: 'test', nodeId: 'a', environment })
    log.delay(50)
    let answered = 0
    void broker.append(topicOf('a'), bytes('x'), { id: 'x' }).then(() => {
      answered = environment.clock.now()
    })

    await pass(200)

    expect(answered).toBe(100)
  })

  it('forgets a topic a day after its last event has expired, and begins another epoch', () => {
    const log = new MemoryLog()
    log.attach(LINK, random)
    const append = (name: string, id: string, now: number): string | undefined =>
      log.append(name, topicOf(name), bytes(id), { id }, null, now)?.epoch

    const first = append('a', '1', 0)
    const later = 600_000 + DAY_MS + 1
    append('b', '2', later)
    append('b', '3', later)

    expect(log.headOf('a').offset).toBe(0)
    expect(append('a', '4', later)).not.toBe(first)
  })

  it('forgets its own logs with their events, and no other topic notices', () => {
    const log = new MemoryLog()
    log.attach(LINK, random)
    const topic = { name: 'presence//a', kind: { ...topicOf('a').kind, id: 'presence//keys' } }
    const append = (name: string, now: number): string | undefined =>
      log.append(`test:${name}`, { ...topic, name }, bytes(name), { id: name }, null, now)?.epoch
    const [head, first] = [log.headOf('test:rooms/a'), append('presence//a', 0)]
    const later = topic.kind.ageMs + 1
    append('presence//b', later)
    append('presence//c', later)

    expect(log.headOf('test:presence//a').offset).toBe(0)
    expect(log.headOf('test:rooms/a')).toEqual(head)
    expect(append('presence//a', later)).not.toBe(first)
  })

  it('keeps nothing of topics that were only asked for', () => {
    const log = new MemoryLog()
    log.attach(LINK, random)

    expect(log.headOf('a').offset).toBe(0)
    expect(log.read('a', 0, { events: 1, bytes: 1 }, 0)).toMatchObject({ complete: true })
  })
})
