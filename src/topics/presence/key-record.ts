/**
 * The record of a reserved key: its holder, and the processes where the holder has a seat.
 *
 * Each key has a log of its own that keeps one event, the record. Two writers that have read the
 * same record cannot both replace it, because an append names the position that it expects.
 */

import { createHash } from 'node:crypto'
import type { LogKind, LogTopic } from '../broker.ts'

/** Who has a key. */
export interface KeyRecord {
  /** A hash: the holder may be a secret. */
  readonly holder: string
  /** The processes where the holder has a seat; none: the key is free. */
  readonly nodes: readonly string[]
}

/**
 * A record is written again after half of this time, so that a key that is held does not expire
 * while the broker is up. Short, because a key that is given back leaves its record behind.
 */
const AGE_MS = 3_600_000

/** No topic has a name with an empty segment, so clients and applications cannot reach these. */
export const KEYS_KIND: LogKind = Object.freeze({
  id: 'presence//keys',
  size: 1,
  ageMs: AGE_MS,
  dedupeMs: 60_000,
})

const ENCODER = new TextEncoder()
const DECODER = new TextDecoder()

/** The log of a key. A hash, because the two names together may be longer than a name may be. */
export function keyLogOf(topic: string, key: string): LogTopic {
  return { name: `presence//${hash(JSON.stringify([topic, key]))}`, kind: KEYS_KIND }
}

export function hashHolder(holder: string): string {
  return hash(holder)
}

export function encodeKeyRecord({ holder, nodes }: KeyRecord): Uint8Array {
  return ENCODER.encode(JSON.stringify({ holder, nodes }))
}

/** @returns `null` for a message that is not a record: the key counts as free. */
export function decodeKeyRecord(bytes: Uint8Array): KeyRecord | null {
  try {
    const value: unknown = JSON.parse(DECODER.decode(bytes))
    if (typeof value !== 'object' || value === null) return null
    const { holder, nodes } = value as Readonly<Record<string, unknown>> // checked below
    if (typeof holder !== 'string' || !Array.isArray(nodes)) return null
    return nodes.every((node) => typeof node === 'string') ? { holder, nodes } : null
  } catch {
    return null // not JSON
  }
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('base64url')
}
