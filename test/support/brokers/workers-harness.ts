/**
 * A host of the workers' log in this process, and brokers that reach it through proxies.
 */

import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { OpeningBroker } from '../../../src/brokers/opening-broker.ts'
import { LogHost } from '../../../src/brokers/workers/log-host.ts'
import { WorkersEngine } from '../../../src/brokers/workers/workers-engine.ts'
import { createEnvironment } from '../../../src/engines/node/environment.ts'
import { Deferred } from '../../../src/base/internal.ts'
import type { Broker, BrokerSink, BrokerState } from '../../../src/topics/index.ts'
import type { BrokerHarness } from '../../suites/brokers/harness.ts'
import { CutProxy } from './cut-proxy.ts'

const SECRET = 'a secret of this test'
const NODES = 4

/** Knows whether the broker has noticed that its line is cut. */
class Line implements BrokerSink {
  readonly #sink: BrokerSink
  #state: BrokerState['state'] = 'connecting'
  #down = new Deferred<void>()

  constructor(sink: BrokerSink) {
    this.#sink = sink
  }

  event(...args: Parameters<BrokerSink['event']>): void {
    this.#sink.event(...args)
  }

  message(...args: Parameters<BrokerSink['message']>): void {
    this.#sink.message(...args)
  }

  state(state: BrokerState): void {
    this.#state = state.state
    if (state.state === 'down') {
      this.#down.resolve()
      this.#down = new Deferred()
    }
    this.#sink.state(state)
  }

  /** Resolves when the next `down` has been told; at once when the broker is not up. */
  whenDown(): Promise<void> {
    return this.#state === 'up' ? this.#down.promise : Promise.resolve()
  }
}

export async function createWorkersHarness(): Promise<BrokerHarness> {
  const host = new LogHost(SECRET)
  host.listen({ port: 0 })
  await once(host.server, 'listening')
  const { port } = host.server.address() as AddressInfo // of TCP
  const proxies = new Map<Broker, CutProxy>()
  const spare = await Promise.all(Array.from({ length: NODES }, () => CutProxy.listen(port)))
  const all = [...spare]
  const lines = new Set<Line>()
  return {
    environment: createEnvironment(),
    create() {
      const proxy = spare.pop()
      if (proxy === undefined) throw new Error('Cannot make more nodes: all proxies are in use')
      const address = { to: { port: proxy.port, host: '127.0.0.1' }, secret: SECRET }
      const broker = new OpeningBroker(
        { appendsInFlight: Infinity, offsets: 'dense' },
        (sink, options) => new WorkersEngine(address, sink, options),
      )
      const open = broker.open.bind(broker)
      broker.open = (sink, options) => {
        const line = new Line(sink)
        lines.add(line)
        return open(line, options)
      }
      proxies.set(broker, proxy)
      return broker
    },
    settle: (promise) => promise,
    pass: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    cut(broker, isSilent) {
      const proxy = proxies.get(broker)
      if (isSilent) proxy?.silence()
      else proxy?.cut()
      return Promise.resolve()
    },
    mend: (broker) => Promise.resolve(proxies.get(broker)?.mend()),
    async restart() {
      host.log.restart()
      await Promise.all([...lines].map((line) => line.whenDown()))
    },
    async restartWithLoss(events) {
      host.log.restart({ lose: events })
      await Promise.all([...lines].map((line) => line.whenDown()))
    },
    pause() {
      for (const proxy of all) proxy.silence()
      return Promise.resolve()
    },
    resume() {
      for (const proxy of all) proxy.mend()
      return Promise.resolve()
    },
    async end() {
      for (const proxy of all) await proxy.close()
      host.server.close()
      await once(host.server, 'close')
    },
  }
}
