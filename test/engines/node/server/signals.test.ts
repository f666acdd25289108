import { describe, expect, it } from 'vitest'

import { VirtualClock } from '../../../../src/base/index.ts'
import { Deferred } from '../../../../src/base/internal.ts'
import { type SignalProcess, watchSignals } from '../../../../src/engines/node/server/signals.ts'

type Listener = (signal: NodeJS.Signals) => void

/** A process that only writes down what is done to it. */
class FakeProcess implements SignalProcess {
  readonly pid = 7
  readonly log: string[] = []
  #listeners: ReadonlyArray<readonly [NodeJS.Signals, Listener]> = []

  on(signal: NodeJS.Signals, listener: Listener): void {
    this.#listeners = [...this.#listeners, [signal, listener]]
  }

  off(signal: NodeJS.Signals, listener: Listener): void {
    this.#listeners = this.#listeners.filter(([name, each]) => name !== signal || each !== listener)
  }

  listenerCount(signal: NodeJS.Signals): number {
    return this.#listeners.filter(([name]) => name === signal).length
  }

  kill(pid: number, signal: NodeJS.Signals): void {
    this.log.push(`kill ${pid} ${signal}`)
  }

  exit(): void {
    this.log.push('exit')
  }

  receive(signal: NodeJS.Signals): void {
    for (const [name, listener] of this.#listeners) if (name === signal) listener(signal)
  }

  get listeners(): number {
    return this.#listeners.length
  }
}

/** A watched process, and a stop that ends when the test says so. */
function watched(): {
  host: FakeProcess
  clock: VirtualClock
  watch: Disposable
  stopped: Deferred<void>
  stops: () => number
} {
  const host = new FakeProcess()
  const clock = new VirtualClock()
  const stopped = new Deferred<void>()
  let stops = 0
  const stop = (): Promise<void> => {
    stops++
    return stopped.promise
  }
  const watch = watchSignals(stop, clock, host)
  return { host, clock, watch, stopped, stops: () => stops }
}

describe('watchSignals()', () => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    it(`stops at ${signal} and ends the process if something still holds it 3 seconds later`, async () => {
      const { host, clock, stopped, stops } = watched()

      host.receive(signal)
      stopped.resolve()
      await clock.advance(2999)
      const before = [...host.log]
      await clock.advance(1)

      expect(stops()).toBe(1)
      expect(before).toEqual([])
      expect(host.log).toEqual(['exit'])
      expect(host.listeners).toBe(0)
    })
  }

  it('takes a second signal within a second for the same one', async () => {
    const { host, clock, stops } = watched()

    host.receive('SIGINT')
    await clock.advance(999)
    host.receive('SIGINT')

    expect(stops()).toBe(1)
    expect(host.log).toEqual([])
  })

  it('takes a second signal within a second for the same one, even when all has stopped', async () => {
    const { host, clock, watch, stopped } = watched()

    host.receive('SIGINT')
    stopped.resolve()
    watch[Symbol.dispose]()
    await clock.advance(999)
    const during = host.listenerCount('SIGINT')
    await clock.advance(1)

    // Without a listener the system would end the process by the signal.
    expect(during).toBe(1)
    expect(host.listeners).toBe(0)
  })

  it('ends the process at once at a second signal, as if nobody had listened', async () => {
    const { host, clock } = watched()

    host.receive('SIGTERM')
    await clock.advance(1000)
    host.receive('SIGINT')

    expect(host.log).toEqual(['kill 7 SIGINT'])
    expect(host.listeners).toBe(0)
  })

  it('leaves the end of the process to whoever else listens for the signal', async () => {
    const { host, clock, stopped } = watched()
    host.on('SIGTERM', () => {})

    host.receive('SIGTERM')
    stopped.resolve()
    await clock.advance(60_000)

    expect(host.log).toEqual([])
  })

  it('takes its listeners off when disposed of', () => {
    const { host, watch } = watched()

    watch[Symbol.dispose]()

    expect(host.listeners).toBe(0)
  })
})
