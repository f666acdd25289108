/**
 * The network between the clients of a test and its application, and everything that can go wrong
 * with it.
 */

import type { Duration } from '../base/index.ts'
import { Deferred, type Environment, toMilliseconds } from '../base/internal.ts'
import { ConnectError } from '../client/index.ts'
import { MemoryLink, type MemoryLinkOptions, type PipeFaults } from '../engines/memory/internal.ts'

/** Which way a fault is about. */
export interface FaultOptions {
  /** Whither the bytes go that suffer. @defaultValue 'both' */
  readonly towards?: 'server' | 'client' | 'both'
}

/**
 * In which pieces bytes arrive: pieces of so many bytes at most (a whole number, 1 and above);
 * `'random'`, of any size, the same ones for the same seed of the test application; or a function
 * that is given how many bytes are at hand (1 and above) and says how many arrive next. A piece is
 * never empty, nor more than was written at once.
 */
export type PieceSizes = number | 'random' | ((bytesAtHand: number) => number)

/**
 * Faults of the network, each at once, on what is under way too. They add up, and last until
 * `restore`.
 *
 * On `t.network` they strike every connection that there is and those to come; on `session.network`
 * only that one. Of these the opening handshake suffers from `halfOpen` alone: it does not go over
 * the network of a test.
 */
export interface NetworkFaults {
  /**
   * What is written from now on is under way for this long (virtual time: it arrives when `t.clock`
   * has moved), each way; 0 or above. The order is kept.
   */
  delay(duration: Duration, options?: FaultOptions): void

  /** Cuts what arrives into pieces. */
  cut(pieces: PieceSizes, options?: FaultOptions): void

  /**
   * The cable is cut: nothing arrives any more, and nobody is told. With `false` it is mended: what
   * was written meanwhile arrives, as TCP sends it again, and an end that has given up in the
   * meantime resets the other.
   */
  halfOpen(isCut?: boolean): void

  /**
   * The client's machine stops reading: what the server sends fills the 128 KiB that the two
   * kernels hold, and then makes the server wait. With `false` it reads again.
   */
  slowReader(isSlow?: boolean): void

  /**
   * The connection is reset as soon as this many bytes have arrived, counted from the connection's
   * start after the 101, each way for itself: 0 or above; `Infinity` is never. Bytes behind it are
   * lost.
   */
  resetAfter(bytes: number, options?: FaultOptions): void

  /** The connection is reset now: both ends see `ECONNRESET`, and what is under way is lost. */
  reset(): void

  /** Takes all faults back. A connection that was reset stays so. */
  restore(): void
}

/** The network of a test: the faults of all its connections, and whether there are new ones. */
export interface TestNetwork extends NetworkFaults {
  /**
   * Nobody listens, as while a server restarts: new connections fail with `ConnectError` at the
   * step `connect`; those that there are go on. With `false`, or `restore`, somebody does again.
   */
  refuse(isRefusing?: boolean): void
}

/** Something that faults can be put on: one link, or all of them. */
export interface FaultTarget {
  toServer(faults: PipeFaults): void
  toClient(faults: PipeFaults): void
  mend(): void
  reset(): void
  /** Whether new connections are refused; absent where there are none. */
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
    if (this.#isRefusing) throw new ConnectError('connect', `nobody listens at ${host}`)
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
