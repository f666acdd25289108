/**
 * A Redis Cluster of three primaries for the suite of brokers, with a replica of each where a test
 * fails over.
 */

import { slotOf } from '../../../src/brokers/redis/hash-slot.ts'
import { RedisServer } from './redis-harness.ts'

const PRIMARIES = 3
const SLOTS = 16_384
/** How soon a primary that is silent counts as failed. */
const NODE_TIMEOUT_MS = 2000

/** Servers that agree on their slots. */
export class RedisClusterServers {
  readonly primaries: RedisServer[] = []
  readonly #replicas: RedisServer[] = []

  static async start(): Promise<RedisClusterServers> {
    const servers = new RedisClusterServers()
    for (let index = 0; index < PRIMARIES; index++) servers.primaries.push(await startServer())
    const [first] = servers.primaries
    for (const [index, server] of servers.primaries.entries()) {
      const from = Math.floor((SLOTS * index) / PRIMARIES)
      const to = Math.floor((SLOTS * (index + 1)) / PRIMARIES) - 1
      await server.command(async (run) => {
        await run('CLUSTER', 'ADDSLOTSRANGE', `${from}`, `${to}`)
        await run('CLUSTER', 'SET-CONFIG-EPOCH', `${index + 1}`)
      })
      if (server !== first) await meet(server, first)
    }
    await servers.agreed(PRIMARIES)
    return servers
  }

  get addresses(): ReadonlyArray<{ host: string; port: number }> {
    return this.primaries.map(({ port }) => ({ host: '127.0.0.1', port }))
  }

  /** The primary of a key. */
  async primaryOf(key: string): Promise<RedisServer> {
    const slot = slotOf(key)
    const ranges = await this.#slots()
    const range = ranges.find(({ first, last }) => first <= slot && slot <= last)
    const server = [...this.primaries, ...this.#replicas].find((each) => each.port === range?.port)
    if (server === undefined) throw new Error('Cannot find the server of a slot')
    return server
  }

  /** Gives a primary a replica that has everything. */
  async addReplica(primary: RedisServer): Promise<RedisServer> {
    const replica = await startServer()
    this.#replicas.push(replica)
    await meet(replica, primary)
    await this.agreed(this.primaries.length + this.#replicas.length)
    const id = await primary.command((run) => run('CLUSTER', 'MYID'))
    await replica.command((run) => run('CLUSTER', 'REPLICATE', String(id)))
    await replica.command(async (run) => {
      while (!String(await run('INFO', 'replication')).includes('master_link_status:up'));
    })
    return replica
  }

  /** Resolves when every server knows `count` servers, and that all slots are served. */
  async agreed(count: number): Promise<void> {
    for (const server of [...this.primaries, ...this.#replicas]) {
      await server.command(async (run) => {
        const isSo = async (): Promise<boolean> => {
          const info = String(await run('CLUSTER', 'INFO'))
          return (
            info.includes('cluster_state:ok') && info.includes(`cluster_known_nodes:${count}\r`)
          )
        }
        while (!(await isSo()));
      })
    }
  }

  async #slots(): Promise<ReadonlyArray<{ first: number; last: number; port: number }>> {
    const answer = await this.primaries[0]?.command((run) => run('CLUSTER', 'SLOTS'))
    return (answer as Array<[number, number, [string, number]]>).map(([first, last, [, port]]) => ({
      first,
      last,
      port,
    }))
  }

  /** Moves the slot of a key, with all keys in it, to another primary. */
  async moveSlot(key: string, to: RedisServer): Promise<void> {
    const slot = `${slotOf(key)}`
    const from = await this.primaryOf(key)
    const idOf = (server: RedisServer): Promise<string> =>
      server.command(async (run) => String(await run('CLUSTER', 'MYID')))
    const [source, target] = [await idOf(from), await idOf(to)]
    await to.command((run) => run('CLUSTER', 'SETSLOT', slot, 'IMPORTING', source))
    await from.command(async (run) => {
      await run('CLUSTER', 'SETSLOT', slot, 'MIGRATING', target)
      const keys = (await run('CLUSTER', 'GETKEYSINSLOT', slot, '1000')) as string[]
      if (keys.length === 0) return
      await run('MIGRATE', '127.0.0.1', `${to.port}`, '', '0', '5000', 'KEYS', ...keys)
    })
    // The new owner first, so that the slot is never without one.
    for (const server of [to, from, ...this.primaries]) {
      await server.command((run) => run('CLUSTER', 'SETSLOT', slot, 'NODE', target))
    }
  }

  async end(): Promise<void> {
    for (const server of [...this.primaries, ...this.#replicas]) await server.end()
  }
}

function startServer(): Promise<RedisServer> {
  const timeout = ['--cluster-node-timeout', `${NODE_TIMEOUT_MS}`]
  return RedisServer.start(['--cluster-enabled', 'yes', ...timeout])
}

async function meet(server: RedisServer, other: RedisServer | undefined): Promise<void> {
  await server.command((run) => run('CLUSTER', 'MEET', '127.0.0.1', `${other?.port ?? 0}`))
}
