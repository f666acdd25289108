/**
 * Who is let in: how many connections there may be, how many of them from one address, how many may be asked
 * for in a second, and how large a request may be.
 *
 * A connection counts from the moment at which its request is found to be a proper one until its handler has
 * returned, so that those whose upgrade is still being decided count too.
 */

import type { Clock } from '../../base/index.ts'
import { type Environment, TokenBucket } from '../../base/internal.ts'
import { addressKey, isOwnNetwork } from './client-address.ts'
import { UpgradeLimitError } from '../errors.ts'
import { type MemoryBudget, SharedBudget } from '../sessions/memory-budget.ts'
import { refuse, type Refusal } from './refusal.ts'

/** The limits on who is let in. `Infinity`: none. */
export interface AdmissionSettings {
  readonly maxConnections: number
  readonly maxConnectionsPerAddress: number
  /** Whether `maxConnectionsPerAddress` is for addresses of our own networks too. */
  readonly countsOwnNetworks: boolean
  readonly maxUpgradesPerSecond: number
  /** Headers of one request. */
  readonly maxHeaderCount: number
  /** Characters of all names and values of one request together. */
  readonly maxHeaderSize: number
  /** `null`: none. */
  readonly memoryBudget: MemoryBudget | null
}

/** The burst allowance of upgrades, as a time at the full rate. */
const BURST_MS = 2_000

/** One connection among those that are counted. Both methods are idempotent. */
export class ConnectionSlot {
  readonly #admission: Admission
  /** What it is counted under, beside all others; `null`: nothing. */
  readonly #address: string | null
  #isTaken = false

  constructor(admission: Admission, address: string | null) {
    this.#admission = admission
    this.#address = address
  }

  take(): void {
    if (this.#isTaken) return
    this.#isTaken = true
    this.#admission.count(this.#address, 1)
  }

  release(): void {
    if (!this.#isTaken) return
    this.#isTaken = false
    this.#admission.count(this.#address, -1)
  }
}

/** The gate of one application. */
export class Admission {
  /** What sessions have to tell how they grow; `null`: nothing. */
  readonly memoryBudget: SharedBudget | null
  readonly #settings: AdmissionSettings
  readonly #byAddress = new Map<string, number>()
  #connections = 0
  #upgrades: TokenBucket | null = null

  constructor(settings: AdmissionSettings) {
    this.#settings = settings
    const { memoryBudget } = settings
    // There is no other kind: the plugin has checked it.
    this.memoryBudget = memoryBudget instanceof SharedBudget ? memoryBudget : null
  }

  /** Whether the head of a request is small enough to be looked at: names and values in turn. */
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

  /** Lets a connection in that comes from `remoteHost`, and counts it, unless there is no room for it. */
  enter(remoteHost: string, environment: Environment): ConnectionSlot | Refusal {
    const { maxConnections, maxUpgradesPerSecond } = this.#settings
    if (!this.#isInRate(maxUpgradesPerSecond, environment.clock)) {
      return refuseBy('maxUpgradesPerSecond', maxUpgradesPerSecond, 'too many clients come at once')
    }
    const strain = this.memoryBudget?.strain(environment) ?? null
    if (strain !== null) {
      return refuse(503, 'memory', 'Cannot upgrade: the server is short of memory', {
        headers: RETRY_AFTER,
        cause: strain,
      })
    }
    if (this.#connections >= maxConnections) {
      return refuseBy('maxConnections', maxConnections, 'the server has too many connections')
    }
    return this.#enterFrom(addressKey(remoteHost))
  }

  #enterFrom(address: string | null): ConnectionSlot | Refusal {
    const { maxConnectionsPerAddress, countsOwnNetworks } = this.#settings
    const isCounted = address !== null && (countsOwnNetworks || !isOwnNetwork(address))
    if (!isCounted || maxConnectionsPerAddress === Infinity) return this.#slot(null)
    if ((this.#byAddress.get(address) ?? 0) < maxConnectionsPerAddress) return this.#slot(address)
    return refuseBy(
      'maxConnectionsPerAddress',
      maxConnectionsPerAddress,
      'there are too many connections from this address',
    )
  }

  #isInRate(perSecond: number, clock: Clock): boolean {
    if (perSecond === Infinity) return true
    this.#upgrades ??= new TokenBucket(clock, perSecond, BURST_MS)
    return this.#upgrades.take()
  }

  #slot(address: string | null): ConnectionSlot {
    const slot = new ConnectionSlot(this, address)
    slot.take()
    return slot
  }

  /** For slots: one connection more, or one less. */
  count(address: string | null, change: 1 | -1): void {
    this.#connections += change
    if (address === null) return
    const count = (this.#byAddress.get(address) ?? 0) + change
    if (count === 0) this.#byAddress.delete(address)
    else this.#byAddress.set(address, count)
  }
}

// Soon enough for a person who waits, late enough that some others have left.
const RETRY_AFTER = [['retry-after', '5']] as const

/** RFC 6585 §4, §5; RFC 9110 §15.6.4. */
const STATUS = {
  maxHeaderCount: 431,
  maxHeaderSize: 431,
  maxUpgradesPerSecond: 503,
  maxConnections: 503,
  maxConnectionsPerAddress: 429,
} as const

const REASON = {
  maxHeaderCount: 'headers',
  maxHeaderSize: 'headers',
  maxUpgradesPerSecond: 'rate',
  maxConnections: 'connections',
  maxConnectionsPerAddress: 'address',
} as const

function refuseBy(limitName: UpgradeLimitError['limitName'], limit: number, why: string): Refusal {
  const status = STATUS[limitName]
  return refuse(status, REASON[limitName], `Cannot upgrade: ${why}`, {
    headers: status === 431 ? [] : RETRY_AFTER,
    cause: new UpgradeLimitError(limitName, limit),
  })
}
