/**
 * Asking several servers the same question, until one of them answers it.
 */

import { Deferred, type WheelTimer } from '../../base/internal.ts'
import { type Client, type ClientParts, openClient } from './redis-client.ts'
import type { RedisAddress } from './redis-options.ts'

/** After this silence, in milliseconds, the next server is asked too. */
const SILENT_MS = 500

/** A question to one server. Resolves with `null` if the server does not know the answer. */
export type Question<T> = (client: Client, address: RedisAddress) => Promise<T | null>

/**
 * Asks one server after another, each on a socket of its own. The next server is asked when one
 * fails, does not know the answer, or is silent for half a second. A silent server may still
 * answer, until the attempt to connect ends.
 *
 * Each attempt to connect begins with another server: a server that was cut off from the others may
 * give an answer that is no longer true.
 *
 * @param problem begins the message of the error when no server gives an answer.
 * @returns the first answer that is not `null`.
 */
export async function askInTurn<T>(
  parts: ClientParts,
  addresses: readonly RedisAddress[],
  problem: string,
  ask: Question<T>,
): Promise<T> {
  const first = parts.attempt % addresses.length
  const inTurn = [...addresses.slice(first), ...addresses.slice(0, first)]
  const asking = new Asking(parts, inTurn, problem, ask)
  const fail = (): void => asking.fail()
  parts.signal.addEventListener('abort', fail, { once: true })
  // An aborted signal does not call listeners that are added later.
  if (parts.signal.aborted) fail()
  try {
    return await asking.run()
  } finally {
    parts.signal.removeEventListener('abort', fail)
    asking.end()
  }
}

/** The questions of one attempt. */
class Asking<T> {
  readonly #parts: ClientParts
  /** The servers that were not asked yet. */
  readonly #waiting: RedisAddress[]
  readonly #problem: string
  readonly #ask: Question<T>
  readonly #answer = new Deferred<T>()
  readonly #over = new AbortController()
  #underWay = 0
  #cause: unknown = null
  #timer: WheelTimer | null = null

  constructor(
    parts: ClientParts,
    addresses: readonly RedisAddress[],
    problem: string,
    ask: Question<T>,
  ) {
    this.#parts = parts
    this.#waiting = [...addresses]
    this.#problem = problem
    this.#ask = ask
  }

  run(): Promise<T> {
    this.#next()
    return this.#answer.promise
  }

  /** There is no answer. */
  fail(): void {
    this.#answer.reject(new Error(this.#problem, { cause: this.#cause }))
  }

  /** Ends all sockets. */
  end(): void {
    this.#timer?.cancel()
    this.#over.abort()
  }

  #next(): void {
    this.#timer?.cancel()
    if (this.#answer.isSettled) return
    const address = this.#waiting.shift()
    if (address === undefined) {
      if (this.#underWay === 0) this.fail()
      return
    }
    this.#timer = this.#parts.timers.schedule(SILENT_MS, () => this.#next())
    void this.#askOne(address)
  }

  /** Never rejects. */
  async #askOne(address: RedisAddress): Promise<void> {
    this.#underWay++
    try {
      const parts = { ...this.#parts, signal: this.#over.signal, ended() {} }
      const client = await openClient(parts, address)
      const answer = await this.#ask(client, address)
      if (answer !== null) this.#answer.resolve(answer)
    } catch (error) {
      this.#cause = error
    }
    this.#underWay--
    this.#next()
  }
}
