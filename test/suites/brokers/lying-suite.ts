/**
 * Engines that lie: logs that go back, holes, bytes of other programs, wrong epochs. Every lie ends
 * in a log that is healed, in a gap, or in a new epoch; never in silence, and never in a crash.
 */

import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Deferred } from '../../../src/base/internal.ts'
import { defineTopic, type TopicItem } from '../../../src/topics/index.ts'
import { readTopicsOptions } from '../../../src/topics/topics-options.ts'
import { TopicsOfProcess } from '../../../src/topics/topics.ts'
import { Listening } from '../../support/topics-world.ts'
import type { BrokerHarness } from './harness.ts'

/** What an engine may do against its promises. The topic has the events 1 to 4 before. */
export type Lie =
  | 'the newest two events vanish from the log'
  | 'an event in the middle vanishes'
  | 'another program stores bytes in the log'
  | 'another program publishes bytes as live events'
  | 'a live event names another epoch'
  | 'a live event has an offset far above the head'
  | 'the metadata names another epoch'
  | 'everything vanishes'

const LIES: readonly Lie[] = [
  'the newest two events vanish from the log',
  'an event in the middle vanishes',
  'another program stores bytes in the log',
  'another program publishes bytes as live events',
  'a live event names another epoch',
  'a live event has an offset far above the head',
  'the metadata names another epoch',
  'everything vanishes',
]

/** Where a lie takes place. */
export interface LiePlace {
  readonly namespace: string
  readonly topic: string
  readonly kind: string
  readonly epoch: string
  /** The offsets of the events 1 to 4. */
  readonly offsets: readonly number[]
}

/** An engine and its lies. */
export interface LyingEngine {
  readonly harness: BrokerHarness
  readonly lie: (lie: Lie, place: LiePlace) => Promise<void>
}

const Room = defineTopic('rooms/:room', { history: { size: 100, age: 600_000 } })
const SILENT = { debug() {}, info() {}, warn() {}, error() {} }
const BEFORE = ['1', '2', '3', '4']
const AFTER = ['5', '6', '7']
/** For one step of a test, in the time of the harness. */
const PATIENCE_MS = 20_000
/** How many events are published at most until all have seen one of them. */
const MAX_LAST = 40

/** Runs every lie. */
export function lyingSuite(name: string, createEngine: () => Promise<LyingEngine>): void {
  describe(`${name}: an engine that lies`, () => {
    let engine: LyingEngine
    let processes: TopicsOfProcess[] = []

    beforeEach(async () => {
      engine = await createEngine()
      processes = []
    })

    afterEach(async () => {
      await engine.harness.settle(Promise.all(processes.map((each) => each.close())))
      await engine.harness.end()
    })

    async function open(): Promise<TopicsOfProcess> {
      const { harness } = engine
      const settings = readTopicsOptions('test', {
        broker: harness.create(),
        namespace: 'test',
        checkEvery: 1000,
        publishTimeout: 60_000,
      })
      const topics = new TopicsOfProcess(settings, harness.environment, SILENT)
      processes.push(topics)
      await topics.open()
      return topics
    }

    /** Publishes, also when the broker goes down for a moment. @returns the offset. */
    async function publish(topics: TopicsOfProcess, event: string): Promise<number> {
      for (;;) {
        try {
          const topic = topics.topic(Room, { room: '1' })
          return (await topic.publish(event, { id: event })).offset ?? 0
        } catch {
          await isUp(topics)
        }
      }
    }

    it.each(LIES)('T-05 T-34 %s', (lie) => engine.harness.settle(see(lie)))

    /** Tells a lie between events, and compares what two nodes and a late one see. */
    async function see(lie: Lie): Promise<void> {
      const [a, b] = [await open(), await open()]
      const topic = a.topic(Room, { room: '1' })
      const listening = [a, b].map(
        (each) => new Listening(each.topic(Room, { room: '1' }).events()),
      )
      const all = (isSo: (each: Listening) => boolean): Promise<unknown> =>
        Promise.all(listening.map((each) => each.until(() => isSo(each))))
      const seen = (): string => listening.map((each) => each.short).join(' | ')

      await inTime(
        'live',
        seen,
        all((each) => each.short === 'live'),
      )
      const offsets: number[] = []
      for (const event of BEFORE) offsets.push(await inTime(event, seen, publish(a, event)))
      await inTime(
        'the events before',
        seen,
        all((each) => each.events.length === 4),
      )
      const { epoch } = await topic.position()

      const place = { namespace: 'test', topic: 'rooms/1', kind: Room.pattern, epoch, offsets }
      await inTime('the lie', seen, engine.lie(lie, place))
      for (const event of AFTER) await inTime(event, seen, publish(b, event))
      const isAfter = (each: Listening) => each.events.includes('7') || hasBegunAgain(each.items)
      await inTime('the events after', seen, all(isAfter))
      // A subscriber of a new epoch may have missed event 7, but misses no later event.
      const isDone = (each: Listening) => each.events.some(isLast)
      for (let n = 0; !listening.every(isDone); n++) {
        if (n === MAX_LAST) throw new Error(`Cannot see the last event: ${seen()}`)
        await inTime(`last ${n}`, seen, publish(a, `last ${n}`))
        await Promise.race([all(isDone), waited(500)])
      }

      for (const each of listening) expect(faultsOf(each.items)).toEqual([])
      const third = await open()
      const late = new Listening(third.topic(Room, { room: '1' }).events({ from: 'start' }))
      const isLive = late.until(() => late.items.at(-1)?.type === 'live')
      await inTime('the late one', () => late.short, isLive)
      expect(late.events.filter(isLast)).not.toEqual([])
      expect(late.events).toEqual([...new Set(late.events)])
    }

    /** Waits for `promise`, and rejects with what was seen if that takes too long. */
    async function inTime<T>(what: string, seen: () => string, promise: Promise<T>): Promise<T> {
      const late = new Deferred<never>()
      const timer = engine.harness.environment.timers.schedule(PATIENCE_MS, () => {
        const states = processes.map(({ broker }) => broker.state).join(', ')
        const facts = `saw ${seen()}, brokers are ${states}`
        void late.reject(new Error(`Cannot wait for ${what} any longer: ${facts}`))
      })
      try {
        return await Promise.race([promise, late.promise])
      } finally {
        timer.cancel()
      }
    }

    function waited(ms: number): Promise<void> {
      return new Promise((resolve) => {
        engine.harness.environment.timers.schedule(ms, resolve)
      })
    }
  })
}

function isLast(event: unknown): boolean {
  return String(event).startsWith('last')
}

function hasBegunAgain(items: readonly TopicItem[]): boolean {
  return items.some((item) => item.type === 'gap' && item.reason === 'epoch')
}

/**
 * Returns what a subscription must not see: events of other programs, disorder, and holes without a
 * gap. After a gap with the reason `epoch`, the events of the new log come in order.
 */
function faultsOf(items: readonly TopicItem[]): string[] {
  const faults: string[] = []
  let newest = 0
  let isGap = false
  let isSameLog = true
  for (const item of items) {
    if (item.type === 'gap' || item.type === 'skipped') isGap = true
    if (item.type === 'gap' && item.reason === 'epoch') isSameLog = false
    if (item.type !== 'event' || isLast(item.event)) continue
    const number = Number(item.event)
    const isNext = isGap || number === newest + 1 || (!isSameLog && number > newest)
    if (!Number.isInteger(number)) faults.push(`saw ${JSON.stringify(item.event)}`)
    else if (!isNext) faults.push(`saw ${number} after ${newest}`)
    newest = number
    isGap = false
  }
  return faults
}

/** Resolves when the broker is up, or has become so. */
async function isUp(topics: TopicsOfProcess): Promise<void> {
  if (topics.broker.state === 'up') return
  await new Promise<void>((resolve) => {
    topics.monitor.on('brokerChanged', ({ state }) => {
      if (state.state === 'up') resolve()
    })
  })
}
