/**
 * The engines of the kill test, and how they are broken.
 */

import { CutProxy } from '../../test/support/brokers/cut-proxy.ts'
import { NatsServers } from '../../test/support/brokers/nats-harness.ts'
import { RedisServer } from '../../test/support/brokers/redis-harness.ts'
import { setTimeout as delay } from 'node:timers/promises'

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

/** @param kind `redis`, `nats` or `nats3`. */
export async function startEngine(kind: string): Promise<Engine> {
  if (kind === 'redis') return startRedis()
  if (kind === 'nats' || kind === 'nats3') return startNats(kind === 'nats3' ? 3 : 1)
  throw new Error(`Cannot start broker "${kind}", expected redis, nats or nats3`)
}

function impossible(act: string): () => Promise<never> {
  return () => Promise.reject(new Error(`Cannot ${act} this engine`))
}

async function startRedis(): Promise<Engine> {
  let primary = await RedisServer.start()
  const all = [primary]
  const proxy = await CutProxy.listen(primary.port)
  return {
    name: 'redis',
    addresses: [`127.0.0.1:${proxy.port}`],
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

async function startNats(count: 1 | 3): Promise<Engine> {
  const servers = await NatsServers.start(count)
  const proxies = await Promise.all(servers.ports.map((port) => CutProxy.listen(port)))
  let next = 0
  return {
    name: 'nats',
    addresses: proxies.map(({ port }) => `127.0.0.1:${port}`),
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
