/**
 * The keys and channels of a namespace in Redis.
 *
 * All keys of a topic, and its channel, have the same hash tag, `{0}` to `{255}`: Redis Cluster
 * keeps them together. A namespace and a tag hold neither colon nor brace, and a topic's name comes
 * last or with its length before it, so no two names make the same key.
 */

import { Buffer } from 'node:buffer'

import type { AppendIdentity } from '../../topics/index.ts'

/** The keys of one topic. */
export interface TopicKeys {
  readonly meta: string
  readonly log: string
  /** Events are published here as soon as they are stored. */
  readonly channel: string
}

const PARTITIONS = 256

/** Names of one namespace. */
export class RedisNames {
  readonly #prefix: string

  constructor(namespace: string) {
    this.#prefix = `towpath:${namespace}`
  }

  topic(name: string): TopicKeys {
    const prefix = this.#prefixOf(name)
    return {
      meta: `${prefix}:m:${name}`,
      log: `${prefix}:l:${name}`,
      channel: `${prefix}:e:${name}`,
    }
  }

  /** The key that remembers `identity`. A lane has one, which holds its highest sequence. */
  identity(name: string, identity: AppendIdentity): string {
    const prefix = `${this.#prefixOf(name)}:i:${Buffer.byteLength(name)}:${name}`
    return 'id' in identity ? `${prefix}:i:${identity.id}` : `${prefix}:l:${identity.lane}`
  }

  /** The names of one hash tag have the same partition. 0 to 255. */
  partition(name: string): number {
    return partitionOf(name)
  }

  /** The channel of Redis for a channel of the wire. */
  wire(channel: string): string {
    return `${this.#prefixOf(channel)}:w:${channel}`
  }

  #prefixOf(name: string): string {
    return `${this.#prefix}:{${partitionOf(name)}}`
  }
}

/** FNV-1a over the UTF-16 units, reduced to the number of partitions. */
function partitionOf(name: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < name.length; at++) {
    hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193)
  }
  return (hash >>> 0) % PARTITIONS
}
