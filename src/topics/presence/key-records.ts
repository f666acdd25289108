/**
 * Reads and writes the records of reserved keys at the broker.
 *
 * A write names the position that was read, so that of many processes exactly one replaces a
 * record.
 */

import type { Broker, Head, LogTopic } from '../broker.ts'
import { ExpectationFailedError, PublishUncertainError } from '../errors.ts'
import { decodeKeyRecord, encodeKeyRecord, KEYS_KIND, type KeyRecord } from './key-record.ts'

/** A record, and the position of its log. */
export interface PlacedRecord {
  readonly head: Head
  /** `null` if the key has no record: it is free. */
  readonly record: KeyRecord | null
}

/** The records, as one process reads and writes them. */
export class KeyRecords {
  readonly #broker: Broker
  readonly #nodeId: string
  /** Logs where an append of this process may still arrive. Only a later append keeps it out. */
  readonly #uncertain = new Set<string>()
  #prepared: Promise<void> | null = null
  #ids = 0

  constructor(broker: Broker, nodeId: string) {
    this.#broker = broker
    this.#nodeId = nodeId
  }

  /** Whether a record that this process has written may still arrive. */
  isUncertain(log: LogTopic): boolean {
    return this.#uncertain.has(log.name)
  }

  /** Reads a record. @throws (by rejecting) the error of the broker. */
  async read(log: LogTopic): Promise<PlacedRecord> {
    const broker = this.#broker
    this.#prepared ??= broker.prepare(KEYS_KIND).catch((error: unknown) => {
      this.#prepared = null
      throw error
    })
    await this.#prepared
    const page = await broker.read(log, 0, { events: KEYS_KIND.size + 1, bytes: Infinity })
    const newest = page.events.at(-1)
    const record = newest?.offset === page.head ? decodeKeyRecord(newest.message) : null
    return { head: { epoch: page.epoch, offset: page.head }, record }
  }

  /**
   * Replaces a record.
   *
   * @param expect the position that was read.
   * @returns the new position; `null` when another process has written meanwhile.
   * @throws (by rejecting) the error of the broker. After {PublishUncertainError} the record may be
   *   stored, or may arrive later.
   */
  async write(log: LogTopic, record: KeyRecord, expect: Head): Promise<Head | null> {
    const identity = { id: `${this.#nodeId}-${++this.#ids}` }
    const message = encodeKeyRecord(record)
    try {
      const { epoch, offset } = await this.#broker.append(log, message, identity, expect)
      this.#uncertain.delete(log.name)
      return { epoch, offset: offset ?? 0 }
    } catch (error) {
      if (error instanceof ExpectationFailedError) return null
      if (error instanceof PublishUncertainError) this.#uncertain.add(log.name)
      throw error
    }
  }
}
