/**
 * A real Redis for the suite of brokers: killed, frozen, cut off by a proxy, and replaced by a
 * lagging replica.
 */

import { createClient } from '@redis/client'
import { redisBroker, type RedisBrokerOptions } from '../../../src/brokers/redis/index.ts'
import { createEnvironment } from '../../../src/engines/node/environment.ts'
import type { Broker } from '../../../src/topics/index.ts'
import { RedisNames } from '../../../src/brokers/redis/redis-names.ts'
import type { BrokerHarness } from '../../suites/brokers/harness.ts'
import type { Lie, LiePlace, LyingEngine } from '../../suites/brokers/lying-suite.ts'
import { CutProxy } from './cut-proxy.ts'
import { freePort } from '../free-port.ts'
import { EngineProcess, findProgram, TemporaryFolder } from './engine-process.ts'

/** Where redis-server is; `null` skips. */
export const REDIS: string | null = findProgram('redis-server')

/**
 * One Redis that writes and syncs its append-only file before it answers. With `everysec`, Redis
 * answers first while a sync is under way on a slow disk: a kill then loses up to two seconds.
 */
export class RedisServer {
  readonly engine: EngineProcess
  readonly #folder: TemporaryFolder

  private constructor(engine: EngineProcess, folder: TemporaryFolder) {
    this.engine = engine
    this.#folder = folder
  }

  static async start(args: readonly string[] = []): Promise<RedisServer> {
    const folder = new TemporaryFolder()
    const port = await freePort()
    const all = ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', folder.path, '--save', '']
    const engine = new EngineProcess(
      REDIS ?? 'redis-server',
      [...all, '--appendonly', 'yes', '--appendfsync', 'always', ...args],
      port,
    )
    await engine.start()
    const server = new RedisServer(engine, folder)
    await server.loaded()
    return server
  }

  get port(): number {
    return this.engine.port
  }

  /** Resolves when the data is loaded: until then Redis answers LOADING. */
  async loaded(): Promise<void> {
    await this.command(async (run) => {
      while (
        !(await run('PING').then(
          () => true,
          () => false,
        ))
      );
    })
  }

  /** Runs commands on a connection of its own. */
  async command<T>(work: (run: (...args: string[]) => Promise<unknown>) => Promise<T>): Promise<T> {
    const client = createClient({ url: `redis://127.0.0.1:${this.port}` })
    client.on('error', () => {})
    await client.connect()
    try {
      return await work((...args) => client.sendCommand(args))
    } finally {
      client.destroy()
    }
  }

  /** Resolves when the replica at `port` has everything. */
  async replicated(): Promise<void> {
    await this.command(async (run) => {
      await run('SET', 'towpath-test', '1')
      while (Number(await run('WAIT', '1', '1000')) < 1);
    })
  }

  async end(): Promise<void> {
    await this.engine.kill()
    this.#folder[Symbol.dispose]()
  }
}

/** @param options of the brokers, beside their `url`. */
export async function createRedisHarness(options: RedisBrokerOptions = {}): Promise<BrokerHarness> {
  return redisHarnessOf(await RedisServer.start(), options)
}

/** A Redis that lies. */
export async function createLyingRedis(): Promise<LyingEngine> {
  const server = await RedisServer.start()
  const harness = await redisHarnessOf(server, {})
  return { harness, lie: (lie, place) => server.command((run) => tell(run, lie, place)) }
}

/** A harness on a server, which ends with the harness. */
async function redisHarnessOf(
  first: RedisServer,
  options: RedisBrokerOptions,
): Promise<BrokerHarness> {
  let server = first
  const servers = [server]
  const proxies = new Map<Broker, CutProxy>()
  const spare = [await CutProxy.listen(server.port)]
  for (let more = 0; more < 3; more++) spare.push(await CutProxy.listen(server.port))
  const environment = createEnvironment()

  return {
    environment,
    create() {
      const proxy = spare.pop()
      if (proxy === undefined) throw new Error('Cannot make more than four nodes')
      const broker = redisBroker({ ...options, url: `redis://127.0.0.1:${proxy.port}` })
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
      await server.engine.kill()
      await server.engine.start()
      await server.loaded()
    },
    /** Fails over to a replica that stopped receiving before the newest events. */
    async restartWithLoss(events) {
      const replica = await RedisServer.start()
      servers.push(replica)
      await lagBehind(server, replica, events)
      for (const proxy of proxies.values()) proxy.cut()
      await server.engine.kill()
      await replica.command((run) => run('REPLICAOF', 'NO', 'ONE'))
      server = replica
      for (const proxy of [...proxies.values(), ...spare]) {
        proxy.target = replica.port
        proxy.mend()
      }
    },
    pause: () => Promise.resolve(server.engine.pause()),
    resume: () => Promise.resolve(server.engine.resume()),
    async end() {
      for (const proxy of [...proxies.values(), ...spare]) await proxy.close()
      for (const each of servers) await each.end()
    },
  }
}

/**
 * Makes `replica` what a copy is that lacks the newest `events` of each topic. Meta and streams are
 * brought back to what they were before: a replica cannot be stopped between two appends of the
 * past.
 */
async function lagBehind(server: RedisServer, replica: RedisServer, events: number): Promise<void> {
  await replica.command((run) => run('REPLICAOF', '127.0.0.1', `${server.port}`))
  await server.replicated()
  await replica.command(async (run) => {
    await run('CONFIG', 'SET', 'replica-read-only', 'no')
    const keys = (await run('KEYS', 'towpath:*:m:*')) as string[]
    for (const meta of keys) {
      const log = meta.replace(':m:', ':l:')
      const offset = Number(await run('HGET', meta, 'o')) - events
      const lost = (await run('XRANGE', log, `${offset + 1}`, '+')) as Array<[string, unknown]>
      for (const [id] of lost) await run('XDEL', log, id)
      if (lost.length > 0 && offset > 0) await run('XSETID', log, `${offset}-0`)
      await run('HSET', meta, 'o', `${Math.max(0, offset)}`)
    }
  })
}

type Run = (...args: string[]) => Promise<unknown>

async function tell(run: Run, lie: Lie, { namespace, topic, epoch }: LiePlace): Promise<void> {
  const { meta, log, channel } = new RedisNames(namespace).topic(topic)
  switch (lie) {
    case 'the newest two events vanish from the log':
      await run('XDEL', log, '3-0', '4-0')
      await run('XSETID', log, '2-0')
      await run('HSET', meta, 'o', '2')
      break
    case 'an event in the middle vanishes':
      await run('XDEL', log, '2-0')
      break
    case 'another program stores bytes in the log':
      await run('XADD', log, '5-0', 'm', 'alien')
      await run('HSET', meta, 'o', '5')
      break
    case 'another program publishes bytes as live events':
      for (const bytes of ['alien', 'x 1', `${epoch} 99999999999999999999 1 x`, `${epoch} 5 6 x`]) {
        await run('PUBLISH', channel, bytes)
      }
      break
    case 'a live event names another epoch':
      await run('PUBLISH', channel, 'another 5 4 alien')
      break
    case 'a live event has an offset far above the head':
      await run('PUBLISH', channel, `${epoch} 900 4 alien`)
      break
    case 'the metadata names another epoch':
      await run('HSET', meta, 'e', 'another')
      break
    case 'everything vanishes':
      await run('FLUSHALL')
  }
}
