/** The network between the clients of a test and its application, with its faults. */

import type { Duration } from '../base/index.ts'
import { Deferred, type Environment, toMilliseconds } from '../base/internal.ts'
import { ConnectError } from '../client/index.ts'
import { MemoryLink, type MemoryLinkOptions, type PipeFaults } from '../engines/memory/internal.ts'

/** The direction of a fault. */
export interface FaultOptions {
  /** The direction of the affected bytes. @defaultValue 'both' */
  readonly towards?: 'server' | 'client' | 'both'
}

/**
 * The sizes of the pieces in which bytes arrive: a maximum in bytes (a whole number, 1 or above);
 * `'random'`, which repeats for the same seed of the test application; or a function that gets the
 * number of available bytes (1 or above) and returns how many arrive next. A piece is never empty,
 * and never larger than one write.
 */
export type PieceSizes = number | 'random' | ((bytesAtHand: number) => number)

/**
 * Faults of the network. Each takes effect at once, on bytes in flight too. They add up, and last
 * until `restore`.
 *
 * On `t.network` they affect all existing and future connections; on `session.network` only that
 * connection. The opening handshake is affected by `halfOpen` alone, because it does not use the
 * network of a test.
 */
export interface NetworkFaults {
  /**
   * Delays bytes that are written from now on, in each direction: 0 or above, in virtual time
   * (bytes arrive when `t.clock` has advanced). Bytes stay in order.
   */
  delay(duration: Duration, options?: FaultOptions): void

  /** Cuts the arriving bytes into pieces. */
  cut(pieces: PieceSizes, options?: FaultOptions): void

  /**
   * Cuts the cable: nothing arrives any more, and neither side is notified. `halfOpen(false)`
   * repairs it: bytes that were written meanwhile arrive, as TCP sends them again. A side that has
   * given up in the meantime resets the other.
   */
  halfOpen(isCut?: boolean): void

  /**
   * Makes the client's machine stop reading: the server's bytes fill the 128 KiB of the two
   * kernels, then the server has to wait. With `false` the client reads again.
   */
  slowReader(isSlow?: boolean): void

  /**
   * Resets the connection as soon as this many bytes have arrived in a direction, counted from the
   * connection's start after the 101: 0 or above; `Infinity` is never. Bytes behind that point are
   * lost.
   */
  resetAfter(bytes: number, options?: FaultOptions): void

  /** Resets the connection now: both ends get `ECONNRESET`, and bytes in flight are lost. */
  reset(): void

  /** Ends all faults. A connection that was reset stays reset. */
  restore(): void
}

/** The network of a test: the faults of all connections, and whether new ones are refused. */
export interface TestNetwork extends NetworkFaults {
  /**
   * Refuses new connections, as while a server restarts: they fail with `ConnectError` at the step
   * `connect`. Existing connections continue. `refuse(false)` or `restore` ends it.
   */
  refuse(isRefusing?: boolean): void
}

/** A target for faults: one link, or all of them. */
export interface FaultTarget {
  toServer(faults: PipeFaults): void
  toClient(faults: PipeFaults): void
  mend(): void
  reset(): void
  /** Whether new connections are refused; absent for a single link. */
  refuse?(isRefusing: boolean): void
}

const NO_FAULTS: Required<PipeFaults> = {
  delayMs: 0,
  cut: (bytesAtHand) => bytesAtHand,
  resetAfterBytes: Infinity,
  stalled: false,
  silent: false,
}

/** Puts faults, as users name them, on a target. */
export class FaultControl implements TestNetwork {
  readonly #target: FaultTarget
  readonly #environment: Environment

  constructor(target: FaultTarget, environment: Environment) {
    this.#target = target
    this.#environment = environment
  }

  delay(duration: Duration, options: FaultOptions = {}): void {
    this.#put({ delayMs: toMilliseconds(duration, 'delay') }, options)
  }

  cut(pieces: PieceSizes, options: FaultOptions = {}): void {
    this.#put({ cut: this.#toCut(pieces) }, options)
  }

  halfOpen(isCut: boolean = true): void {
    if (isCut) this.#put({ silent: true }, {})
    else this.#target.mend()
  }

  slowReader(isSlow: boolean = true): void {
    this.#put({ stalled: isSlow }, { towards: 'client' })
  }

  resetAfter(bytes: number, options: FaultOptions = {}): void {
    if (bytes !== Infinity && !(Number.isSafeInteger(bytes) && bytes >= 0)) {
      throw new RangeError(
        `Cannot reset after ${bytes} bytes, expected a whole number of 0 or above, or Infinity`,
      )
    }
    this.#put({ resetAfterBytes: bytes }, options)
  }

  reset(): void {
    this.#target.reset()
  }

  restore(): void {
    const { silent: _mended, ...others } = NO_FAULTS
    this.#put(others, {})
    this.#target.mend()
    this.refuse(false)
  }

  refuse(isRefusing: boolean = true): void {
    this.#target.refuse?.(isRefusing)
  }

  #put(faults: PipeFaults, { towards = 'both' }: FaultOptions): void {
    if (towards !== 'client') this.#target.toServer(faults)
    if (towards !== 'server') this.#target.toClient(faults)
  }

  #toCut(pieces: PieceSizes): (bytesAtHand: number) => number {
    if (typeof pieces === 'function') return pieces
    if (pieces === 'random') return (bytesAtHand) => this.#randomSize(bytesAtHand)
    if (Number.isSafeInteger(pieces) && pieces > 0) return () => pieces
    throw new RangeError(
      `Cannot cut into pieces of ${pieces} bytes, expected a whole number above 0, 'random' or a function`,
    )
  }

  /** 1 to `bytesAtHand`. */
  #randomSize(bytesAtHand: number): number {
    const [low = 0, high = 0] = this.#environment.random(new Uint8Array(2))
    return 1 + (((high << 8) | low) % bytesAtHand)
  }
}

/** All connections of one test. */
export class Network implements FaultTarget {
  readonly #environment: Environment
  /** What connections to come begin with. */
  readonly #toServer: PipeFaults = {}
  readonly #toClient: PipeFaults = {}
  #links: readonly MemoryLink[] = []
  #isRefusing = false
  #mended = new Deferred<void>()

  constructor(environment: Environment) {
    this.#environment = environment
  }

  /** @throws {ConnectError} while nobody listens. */
  requireListener(host: string): void {
    if (this.#isRefusing) throw new ConnectError('connect', `connection refused by ${host}`)
  }

  /** Whether somebody has cut the cable. */
  get isCut(): boolean {
    return this.#toServer.silent === true
  }

  /** Resolves when the cable is next mended. */
  whenWhole(): Promise<void> {
    return this.#mended.promise
  }

  /** A new connection, with the faults that are in force. */
  link(
    options: Pick<MemoryLinkOptions, 'clientAddress' | 'serverAddress' | 'encrypted'>,
  ): MemoryLink {
    const { toServer, toClient } = { toServer: this.#toServer, toClient: this.#toClient }
    const link = new MemoryLink(this.#environment, { ...options, toServer, toClient })
    this.#links = [...this.#links.filter((other) => !other.isOver), link]
    return link
  }

  toServer(faults: PipeFaults): void {
    Object.assign(this.#toServer, faults)
    for (const link of this.#links) link.toServer(faults)
  }

  toClient(faults: PipeFaults): void {
    Object.assign(this.#toClient, faults)
    for (const link of this.#links) link.toClient(faults)
  }

  mend(): void {
    this.#toServer.silent = false
    this.#toClient.silent = false
    for (const link of this.#links) link.mend()
    this.#mended.resolve()
    this.#mended = new Deferred()
  }

  refuse(isRefusing: boolean): void {
    this.#isRefusing = isRefusing
  }

  reset(): void {
    for (const link of this.#links) link.reset()
  }
}
