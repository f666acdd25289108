/**
 * The engines of the kill test, and how they are broken.
 */

import { CutProxy } from '../../test/support/brokers/cut-proxy.ts'
import { NatsServers } from '../../test/support/brokers/nats-harness.ts'
import { RedisServer } from '../../test/support/brokers/redis-harness.ts'
import { setTimeout as delay } from 'node:timers/promises'
import type { Namespace } from './namespace.ts'

/** Ways to break an engine. Each resolves when the engine accepts connections again. */
export interface Engine {
  readonly name: 'redis' | 'nats'
  /** `host:port` of each server, for the nodes. */
  readonly addresses: readonly string[]
  /** SIGKILL of all servers at once. */
  readonly restart: () => Promise<void>
  /** SIGKILL of one server of several. */
  readonly restartOne: () => Promise<void>
  /** Kills the primary, and promotes a replica that lacks the last events. */
  readonly failOver: (lagMs: number) => Promise<void>
  /** Nodes reach nothing: refused connections, or packets that vanish. */
  readonly cut: (isSilent: boolean) => void
  readonly mend: () => void
  readonly end: () => Promise<void>
  /** SIGKILL of what is left, when the test has failed. */
  readonly abandon: () => void
}

/**
 * @param kind `redis`, `nats` or `nats3`.
 * @param namespace where the nodes run, if the kernel cuts them off; `null`: proxies do.
 */
export async function startEngine(kind: string, namespace: Namespace | null): Promise<Engine> {
  if (kind === 'redis') return cutBy(namespace, await startRedis(hostOf(namespace)))
  if (kind === 'nats' || kind === 'nats3') {
    return cutBy(namespace, await startNats(kind === 'nats3' ? 3 : 1, hostOf(namespace)))
  }
  throw new Error(`Cannot start broker "${kind}", expected redis, nats or nats3`)
}

function hostOf(namespace: Namespace | null): string {
  return namespace?.brokerAddress ?? '127.0.0.1'
}

function cutBy(namespace: Namespace | null, engine: Engine): Engine {
  if (namespace === null) return engine
  return {
    ...engine,
    cut: (isSilent) => namespace.cut(isSilent),
    mend: () => namespace.mend(),
  }
}

function impossible(act: string): () => Promise<never> {
  return () => Promise.reject(new Error(`Cannot ${act} this engine`))
}

async function startRedis(host: string): Promise<Engine> {
  let primary = await RedisServer.start()
  const all = [primary]
  const proxy = await CutProxy.listen(primary.port, host)
  return {
    name: 'redis',
    addresses: [`${host}:${proxy.port}`],
    async restart() {
      await primary.engine.kill()
      await primary.engine.start()
      await primary.loaded()
    },
    restartOne: impossible('kill one server of'),
    async failOver(lagMs) {
      const replica = await RedisServer.start()
      all.push(replica)
      const replication = await CutProxy.listen(primary.port)
      await replica.command((run) => run('REPLICAOF', '127.0.0.1', `${replication.port}`))
      await primary.replicated()
      replication.silence()
      await delay(lagMs)
      proxy.cut()
      await primary.engine.kill()
      await replication.close()
      await replica.command((run) => run('REPLICAOF', 'NO', 'ONE'))
      primary = replica
      proxy.target = replica.port
      proxy.mend()
    },
    cut: (isSilent) => (isSilent ? proxy.silence() : proxy.cut()),
    mend: () => proxy.mend(),
    async end() {
      await proxy.close()
      for (const each of all) await each.end()
    },
    abandon: () => all.forEach(({ engine }) => void engine.kill()),
  }
}

async function startNats(count: 1 | 3, host: string): Promise<Engine> {
  const servers = await NatsServers.start(count)
  const proxies = await Promise.all(servers.ports.map((port) => CutProxy.listen(port, host)))
  let next = 0
  return {
    name: 'nats',
    addresses: proxies.map(({ port }) => `${host}:${port}`),
    restart: () => servers.restart(),
    async restartOne() {
      const engine = servers.engines[next++ % count]
      await engine?.kill()
      await engine?.start()
    },
    failOver: impossible('fail over with'),
    cut: (isSilent) => proxies.forEach((each) => (isSilent ? each.silence() : each.cut())),
    mend: () => proxies.forEach((each) => each.mend()),
    async end() {
      for (const each of proxies) await each.close()
      await servers.end()
    },
    abandon: () => void servers.kill(),
  }
}
