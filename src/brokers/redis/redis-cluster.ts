/**
 * Redis Cluster: the primaries that the slots belong to at the time of the connect.
 *
 * A connection knows one division of the slots. When a slot moves or a primary fails, the
 * connection ends, and the next one asks for the division again.
 */

import { askInTurn } from './asking.ts'
import type { ClientParts } from './redis-client.ts'
import type { RedisAddress } from './redis-options.ts'
import { type HeardListener, RedisShard } from './redis-shard.ts'
import { SLOTS, slotOf } from './hash-slot.ts'

/** A range of slots, both ends included, and the primary that has it. */
export interface SlotRange {
  readonly first: number
  readonly last: number
  readonly address: RedisAddress
}

/** The primaries of a cluster, connected. */
export class RedisCluster {
  /** One for each slot; the same object for all slots of a primary. */
  readonly #shards: readonly RedisShard[]

  private constructor(shards: readonly RedisShard[]) {
    this.#shards = shards
  }

  /** Connects to every primary. @param seeds some servers of the cluster. */
  static async open(
    parts: ClientParts,
    seeds: readonly RedisAddress[],
    heard: HeardListener,
  ): Promise<RedisCluster> {
    const ranges = await findSlots(parts, seeds)
    const primaries = new Map<string, Promise<RedisShard>>()
    for (const { address } of ranges) {
      const name = nameOf(address)
      if (primaries.has(name)) continue
      const opening = RedisShard.open(parts, address, true, heard)
      // The first failure rejects below; the others are the end of the same attempt.
      opening.catch(() => {})
      primaries.set(name, opening)
    }
    const shards: RedisShard[] = []
    for (const { first, last, address } of ranges) {
      const shard = await primaries.get(nameOf(address))
      for (let slot = first; shard !== undefined && slot <= last; slot++) shards[slot] = shard
    }
    return new RedisCluster(shards)
  }

  /** Every primary once. */
  get all(): ReadonlySet<RedisShard> {
    return new Set(this.#shards)
  }

  /** The primary of a key or a channel. */
  shardOf(name: string): RedisShard {
    const shard = this.#shards[slotOf(name)]
    if (shard === undefined) throw new Error('Cannot find a server: its slot is not known')
    return shard
  }
}

/** @throws (by rejecting) when no seed knows a primary of every slot. */
function findSlots(
  parts: ClientParts,
  seeds: readonly RedisAddress[],
): Promise<readonly SlotRange[]> {
  const problem = 'Cannot find the primaries: no server of the cluster knows them'
  return askInTurn(parts, seeds, problem, async (client, seed) =>
    readSlots(await client.sendCommand(['CLUSTER', 'SLOTS']), seed),
  )
}

/**
 * Reads the answer to `CLUSTER SLOTS`.
 *
 * @param seed the server that answered: it does not know its own address before others told it.
 * @throws when a slot has no primary.
 */
export function readSlots(answer: unknown, seed: RedisAddress): readonly SlotRange[] {
  const ranges = listOf(answer).map((entry): SlotRange => {
    const [first, last, primary] = listOf(entry)
    const [host, port] = listOf(primary)
    const own = typeof host !== 'string' || host === '' || host === '?' ? seed.host : host
    return {
      first: numberOf(first, SLOTS - 1),
      last: numberOf(last, SLOTS - 1),
      address: { host: own, port: numberOf(port, 65_535) },
    }
  })
  const found = new Set<number>()
  for (const { first, last } of ranges) {
    for (let slot = first; slot <= last; slot++) found.add(slot)
  }
  if (found.size !== SLOTS) {
    throw new Error(`Cannot use the cluster: ${found.size} of ${SLOTS} slots have a primary`)
  }
  return ranges
}

function nameOf({ host, port }: RedisAddress): string {
  return `${host}:${port}`
}

function listOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value
  throw new Error('Cannot read the slots of the cluster: the answer is no list')
}

function numberOf(value: unknown, max: number): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= max) {
    return value
  }
  throw new Error('Cannot read the slots of the cluster: a number is missing')
}
