/**
 * One event for many sessions: validated once, and encoded once for each codec.
 */

import { isPromise } from '../schema/index.ts'
import type { Codec } from './codec.ts'
import { type CompiledEntry, compiledOf } from './contract.ts'
import type { Contract, ContractShape } from './contract-shape.ts'
import { InvalidMessageError } from './errors.ts'
import { ignore } from './link/outbox.ts'
import type { Wire } from './link/port.ts'
import type { EventInput, EventName, Side } from './message-types.ts'

declare const BRAND: unique symbol

/** An event that `trySend` of any number of sessions takes. Made by `prepare`. */
export interface PreparedMessage<C extends ContractShape, S extends Side> {
  /** The name of the event. */
  readonly type: string
  readonly [BRAND]?: readonly [C, S]
}

/** What is behind a `PreparedMessage`. */
export class Prepared {
  readonly type: string
  readonly #entries: ReadonlyMap<string, CompiledEntry>
  readonly #data: unknown
  readonly #wires = new Map<Codec, Wire>()

  constructor(type: string, data: unknown, entries: ReadonlyMap<string, CompiledEntry>) {
    this.type = type
    this.#data = data
    this.#entries = entries
  }

  /**
   * The message under `codec`.
   *
   * @param entries of the side that sends it.
   * @throws {TypeError} if it was prepared for another contract.
   */
  wireOf(codec: Codec, entries: ReadonlyMap<string, CompiledEntry> | undefined): Wire {
    if (entries !== this.#entries) {
      throw new TypeError(
        `Cannot send the prepared "${this.type}": it was prepared for another contract, ` +
          'expected the contract of this session',
      )
    }
    let wire = this.#wires.get(codec)
    if (wire === undefined) {
      wire = codec.encode({ type: this.type, data: this.#data })
      this.#wires.set(codec, wire)
    }
    return wire
  }
}

const ACT = 'prepare a message'

/**
 * Validates an event of the server once, to send it to many sessions by `trySend`.
 *
 * @throws {InvalidMessageError} if the data is invalid; {TypeError} for a name that is no event of
 *   the server, and for a schema that validates asynchronously.
 *
 * @example
 * <!-- prelude
 * import { defineContract, prepare, typed, contractOf, type TypedSession } from 'towpath/messages'
 * import { openWebSocket } from 'towpath/client'
 * import type { Route } from 'towpath'
 * import { z } from 'zod'
 * const chat = defineContract({
 *   name: 'chat',
 *   client: { say: { event: z.object({ text: z.string() }) } },
 *   server: { said: { event: z.object({ from: z.string(), text: z.string() }) } },
 * })
 * declare const members: Set<TypedSession<typeof chat.shape, 'server'>>
 * -->
 * ```ts
 * const message = prepare(chat, 'said', { from: 'ada', text: 'hello' })
 * for (const { trySend } of members) trySend(message)
 * ```
 */
export function prepare<C extends ContractShape, K extends EventName<C, 'server'>>(
  contract: Contract<C>,
  type: K,
  data: EventInput<C, 'server', K>,
): PreparedMessage<C, 'server'> {
  const entries = compiledOf(ACT, contract)?.server
  const entry = entries?.get(type)
  if (entries === undefined || entry?.kind !== 'event' || entry.data === null) {
    throw new TypeError(`Cannot ${ACT}: the contract has no event "${type}" of the server`)
  }
  const validated = entry.data(data)
  if (isPromise(validated)) {
    validated.then(ignore, ignore)
    throw new TypeError(
      `Cannot ${ACT}: the schema of "${type}" validates asynchronously, expected a synchronous schema`,
    )
  }
  if (validated.issues !== null) throw new InvalidMessageError(type, validated.issues)
  return new Prepared(type, validated.value, entries)
}
