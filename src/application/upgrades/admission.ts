/**
 * Admits connections: limits their number, their number per address, the rate of upgrades, and the
 * size of a request's head.
 *
 * A connection is counted from the moment its request is found valid until its handler has
 * returned. Undecided upgrades therefore count too.
 */

import type { Clock } from '../../base/index.ts'
import { type Environment, TokenBucket } from '../../base/internal.ts'
import { addressKey, isOwnNetwork } from './client-address.ts'
import type { UpgradeRefused } from '../engine.ts'
import { UpgradeLimitError } from '../errors.ts'
import { type MemoryBudget, SharedBudget } from '../sessions/memory-budget.ts'
import { refuse, type Refusal, toOutcome } from './refusal.ts'

/** The limits of admission. `Infinity`: no limit. */
export interface AdmissionSettings {
  readonly maxConnections: number
  readonly maxConnectionsPerAddress: number
  /** Whether `maxConnectionsPerAddress` also applies to private networks. */
  readonly countsOwnNetworks: boolean
  readonly maxUpgradesPerSecond: number
  /** Limit of headers in one request. */
  readonly maxHeaderCount: number
  /** Limit of characters in all names and values of one request. */
  readonly maxHeaderSize: number
  /** `null`: no limit. */
  readonly memoryBudget: MemoryBudget | null
}

/** The burst allowance of upgrades, as a time at the full rate. */
const BURST_MS = 2_000

/** The prepared answer to upgrades beyond the rate. */
export interface RateRefusal {
  readonly outcome: UpgradeRefused
  /** The error behind it, for the counters. */
  readonly cause: unknown
}

/** The admission of one application. */
export class Admission {
  /** The budget to which sessions report their growth; `null`: no limit. */
  readonly memoryBudget: SharedBudget | null
  readonly #settings: AdmissionSettings
  readonly #byAddress = new Map<string, number>()
  #connections = 0
  #upgrades: TokenBucket | null = null
  #beyondRate: RateRefusal | null = null
  /** The host that was asked for last, and its address: one upgrade asks several times. */
  #lastHost = ''
  #lastAddress: string | null = null

  constructor(settings: AdmissionSettings) {
    this.#settings = settings
    const { memoryBudget } = settings
    // The plugin accepts no other kind of budget.
    this.memoryBudget = memoryBudget instanceof SharedBudget ? memoryBudget : null
  }

  /** Returns the refusal of a head that is too large. `rawHeaders` has names and values in turn. */
  refusalOfHeaders(rawHeaders: readonly string[]): Refusal | null {
    const { maxHeaderCount, maxHeaderSize } = this.#settings
    if (rawHeaders.length > 2 * maxHeaderCount) {
      return refuseBy('maxHeaderCount', maxHeaderCount, 'the request has too many headers')
    }
    let size = 0
    for (const text of rawHeaders) size += text.length
    if (size <= maxHeaderSize) return null
    return refuseBy('maxHeaderSize', maxHeaderSize, 'the headers of the request are too large')
  }

  /** Returns the refusal of a request whose connection has `limit` sockets already (HTTP/2). */
  refusalOfConnection(limit: number): Refusal {
    return refuseBy('maxSocketsPerConnection', limit, 'this connection has too many sockets')
  }

  /** Admits and counts a connection from `remoteHost`; otherwise returns the refusal. */
  enter(remoteHost: string, environment: Environment): Refusal | null {
    const { maxConnections, maxUpgradesPerSecond } = this.#settings
    if (!this.#isInRate(maxUpgradesPerSecond, environment.clock)) return this.#refuseByRate()
    const shortage = this.memoryBudget?.shortage(environment) ?? null
    if (shortage !== null) {
      return refuse(503, 'memory', 'Cannot upgrade: the server is short of memory', {
        headers: RETRY_AFTER,
        cause: shortage,
      })
    }
    if (this.#connections >= maxConnections) {
      return refuseBy('maxConnections', maxConnections, 'the server has too many connections')
    }
    if (!this.#hasRoomFor(remoteHost)) {
      return refuseBy(
        'maxConnectionsPerAddress',
        this.#settings.maxConnectionsPerAddress,
        'there are too many connections from this address',
      )
    }
    this.#count(remoteHost, 1)
    return null
  }

  /** Counts a connection again that was admitted, and left between its upgrade and its session. */
  enterAgain(remoteHost: string): void {
    this.#count(remoteHost, 1)
  }

  /** A connection from `remoteHost` has ended. Called once for each that entered. */
  leave(remoteHost: string): void {
    this.#count(remoteHost, -1)
  }

  #hasRoomFor(remoteHost: string): boolean {
    const address = this.#countedAddress(remoteHost)
    if (address === null) return true
    return (this.#byAddress.get(address) ?? 0) < this.#settings.maxConnectionsPerAddress
  }

  /** Returns the key under which a connection is counted; `null`: not counted by address. */
  #countedAddress(remoteHost: string): string | null {
    if (this.#settings.maxConnectionsPerAddress === Infinity) return null
    if (remoteHost !== this.#lastHost) {
      this.#lastAddress = countedKey(remoteHost, this.#settings.countsOwnNetworks)
      this.#lastHost = remoteHost
    }
    return this.#lastAddress
  }

  /**
   * Returns the answer to an upgrade beyond `maxUpgradesPerSecond`, `null` within it. Takes no
   * token. The answer is always the same object: a storm of clients costs no memory.
   */
  refusalBeyondRate(): RateRefusal | null {
    if (this.#upgrades === null || this.#upgrades.msUntilToken === 0) return null
    this.#beyondRate ??= this.#refuseBeyondRate()
    return this.#beyondRate
  }

  #refuseBeyondRate(): RateRefusal {
    const refusal = this.#refuseByRate()
    return { outcome: toOutcome(refusal, []), cause: refusal.cause }
  }

  #refuseByRate(): Refusal {
    const { maxUpgradesPerSecond } = this.#settings
    return refuseBy(
      'maxUpgradesPerSecond',
      maxUpgradesPerSecond,
      'there are too many upgrades per second',
    )
  }

  #isInRate(perSecond: number, clock: Clock): boolean {
    if (perSecond === Infinity) return true
    this.#upgrades ??= new TokenBucket(clock, perSecond, BURST_MS)
    return this.#upgrades.take()
  }

  #count(remoteHost: string, change: 1 | -1): void {
    this.#connections += change
    const address = this.#countedAddress(remoteHost)
    if (address === null) return
    const count = (this.#byAddress.get(address) ?? 0) + change
    if (count === 0) this.#byAddress.delete(address)
    else this.#byAddress.set(address, count)
  }
}

/** Returns the key under which `remoteHost` is counted; `null`: it is not counted. */
function countedKey(remoteHost: string, countsOwnNetworks: boolean): string | null {
  const address = addressKey(remoteHost)
  return address === null || (!countsOwnNetworks && isOwnNetwork(address)) ? null : address
}

// Short enough for a waiting person, long enough that other clients have left.
const RETRY_AFTER = [['retry-after', '5']] as const

/** RFC 6585 §4, §5; RFC 9110 §15.6.4. */
const STATUS = {
  maxHeaderCount: 431,
  maxHeaderSize: 431,
  maxUpgradesPerSecond: 503,
  maxConnections: 503,
  maxConnectionsPerAddress: 429,
  maxSocketsPerConnection: 429,
} as const

const REASON = {
  maxHeaderCount: 'headers',
  maxHeaderSize: 'headers',
  maxUpgradesPerSecond: 'rate',
  maxConnections: 'connections',
  maxConnectionsPerAddress: 'address',
  maxSocketsPerConnection: 'connection',
} as const

function refuseBy(limitName: UpgradeLimitError['limitName'], limit: number, why: string): Refusal {
  const status = STATUS[limitName]
  return refuse(status, REASON[limitName], `Cannot upgrade: ${why}`, {
    headers: status === 431 ? [] : RETRY_AFTER,
    cause: new UpgradeLimitError(limitName, limit),
  })
}
