/**
 * Real NATS servers for the suite of brokers: one, or a cluster of three.
 */

import { randomBytes } from 'node:crypto'
import { cpSync, rmSync } from 'node:fs'
import { connect } from '@nats-io/transport-node'
import { natsBroker, type NatsBrokerOptions } from '../../../src/brokers/nats/index.ts'
import { createEnvironment } from '../../../src/engines/node/environment.ts'
import type { Broker } from '../../../src/topics/index.ts'
import type { BrokerHarness } from '../../suites/brokers/harness.ts'
import { CutProxy } from './cut-proxy.ts'
import { freePort } from '../free-port.ts'
import { EngineProcess, findProgram, TemporaryFolder } from './engine-process.ts'

/** Where nats-server is; `null` skips. */
export const NATS: string | null = findProgram('nats-server')

const STREAM_NOT_FOUND = 10_059

/** One server, or several of a cluster, with JetStream on files. */
export class NatsServers {
  readonly engines: readonly EngineProcess[]
  readonly #folders: readonly TemporaryFolder[]

  private constructor(engines: readonly EngineProcess[], folders: readonly TemporaryFolder[]) {
    this.engines = engines
    this.#folders = folders
  }

  static async start(count: 1 | 3 = 1): Promise<NatsServers> {
    const routes: number[] = []
    for (let index = 0; index < count; index++) routes.push(await freePort())
    const folders: TemporaryFolder[] = []
    const engines: EngineProcess[] = []
    for (const [index, route] of routes.entries()) {
      const folder = new TemporaryFolder()
      const port = await freePort()
      const peers = routes.map((each) => `nats://127.0.0.1:${each}`).join(',')
      const own = `nats://127.0.0.1:${route}`
      const cluster = ['--cluster_name', 'towpath', '--cluster', own, '--routes', peers]
      const all = ['-a', '127.0.0.1', '-p', `${port}`, '-js', '-sd', folder.path]
      const args = [...all, '--name', `n${index}`, ...(count === 1 ? [] : cluster)]
      folders.push(folder)
      engines.push(new EngineProcess(NATS ?? 'nats-server', args, port))
    }
    const servers = new NatsServers(engines, folders)
    await servers.restart()
    return servers
  }

  get ports(): number[] {
    return this.engines.map(({ port }) => port)
  }

  async kill(): Promise<void> {
    await Promise.all(this.engines.map((engine) => engine.kill()))
  }

  async restart(): Promise<void> {
    await this.kill()
    await Promise.all(this.engines.map((engine) => engine.start()))
    await this.#hasLeader()
  }

  /** Lets servers go on that were paused. Their cluster then elects a leader again. */
  async resume(): Promise<void> {
    for (const engine of this.engines) engine.resume()
    await this.#hasLeader()
  }

  /**
   * Resolves when JetStream has made a stream: that takes a leader with a majority behind it, while
   * a leader that was paused still answers other questions.
   */
  async #hasLeader(): Promise<void> {
    const client = await connect({
      servers: `127.0.0.1:${this.ports[0]}`,
      maxReconnectAttempts: -1,
    })
    const name = `probe${randomBytes(4).toString('hex')}`
    const probe = { name, subjects: [name], num_replicas: this.engines.length }
    /** Whether `operation` has been done; asked again if there was no answer. */
    const ask = (operation: string, question: object, isDone: number[] = []): Promise<boolean> =>
      client
        .request(`$JS.API.STREAM.${operation}.${name}`, JSON.stringify(question), { timeout: 2000 })
        .then((answer) => {
          const { error } = answer.json<{ error?: { err_code: number } }>()
          return error === undefined || isDone.includes(error.err_code)
        })
        // No answer yet, or nobody there: asked again after a ping.
        .catch(() => client.flush().then(() => false))
    while (!(await ask('CREATE', probe)));
    // An answer may be lost while the leader changes: the stream is then gone at the next question.
    while (!(await ask('DELETE', {}, [STREAM_NOT_FOUND])));
    await client.close()
  }

  /** Copies the files of all servers, which run on: what a power failure may leave of them. */
  keep(): void {
    for (const { path } of this.#folders) cpSync(path, `${path}.kept`, { recursive: true })
  }

  /** Kills all servers, and starts them with the files that were kept. */
  async restoreKept(): Promise<void> {
    await this.kill()
    for (const { path } of this.#folders) {
      rmSync(path, { recursive: true })
      cpSync(`${path}.kept`, path, { recursive: true })
      rmSync(`${path}.kept`, { recursive: true })
    }
    await this.restart()
  }

  async end(): Promise<void> {
    await this.kill()
    for (const folder of this.#folders) {
      folder[Symbol.dispose]()
      rmSync(`${folder.path}.kept`, { recursive: true, force: true })
    }
  }
}

/** @param options of the brokers, beside their servers. */
export async function createNatsHarness(
  count: 1 | 3 = 1,
  options: NatsBrokerOptions = {},
): Promise<BrokerHarness> {
  const servers = await NatsServers.start(count)
  return harnessOf(servers, options, () => servers.end())
}

let harnesses = 0

/** A harness on servers that run already, in namespaces of its own. @param end of the harness. */
export async function harnessOf(
  servers: NatsServers,
  options: NatsBrokerOptions = {},
  end: () => Promise<void> = () => Promise.resolve(),
): Promise<BrokerHarness> {
  const world = `world${++harnesses}`
  const count = servers.ports.length
  const proxies = new Map<Broker, CutProxy>()
  const spare: CutProxy[] = []
  for (let more = 0; more < 4; more++) {
    spare.push(await CutProxy.listen(servers.ports[more % count] ?? 0))
  }
  const environment = createEnvironment()
  return {
    environment,
    create() {
      const proxy = spare.pop()
      if (proxy === undefined) throw new Error('Cannot make more than four nodes')
      const broker = natsBroker({ ...options, servers: `127.0.0.1:${proxy.port}` })
      proxies.set(broker, proxy)
      const open = broker.open.bind(broker)
      broker.open = (sink, { namespace, ...rest }) =>
        open(sink, { ...rest, namespace: `${world}-${namespace}` })
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
    restart: () => servers.restart(),
    /** Purges the newest events while no node looks, and starts the servers anew. */
    async restartWithLoss(events) {
      for (const proxy of proxies.values()) proxy.cut()
      await loseTail(servers, events)
      await servers.restart()
      for (const proxy of proxies.values()) proxy.mend()
    },
    pause: () => Promise.resolve(servers.engines.forEach((engine) => engine.pause())),
    resume: () => servers.resume(),
    async end() {
      for (const proxy of [...proxies.values(), ...spare]) await proxy.close()
      await end()
    },
  }
}

/** Deletes the newest `events` of every stream of topics. */
async function loseTail(servers: NatsServers, events: number): Promise<void> {
  const client = await connect({ servers: `127.0.0.1:${servers.ports[0]}` })
  const ask = async (operation: string, question: unknown) =>
    (await client.request(`$JS.API.${operation}`, JSON.stringify(question))).json<{
      streams?: string[]
      state?: { last_seq: number }
    }>()
  const { streams = [] } = await ask('STREAM.NAMES', {})
  for (const stream of streams.filter((name) => name.split('=').length > 2)) {
    const last = (await ask(`STREAM.INFO.${stream}`, {})).state?.last_seq ?? 0
    for (let sequence = last; sequence > last - events && sequence > 0; sequence--) {
      await ask(`STREAM.MSG.DELETE.${stream}`, { seq: sequence, no_erase: true })
    }
  }
  await client.close()
}
