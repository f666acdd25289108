/**
 * The option `trust`: which proxies are trusted. `@fastify/proxy-addr` matches ranges of addresses.
 */

import type proxyAddr from '@fastify/proxy-addr'
import { kindOf, readWholeNumber } from '../base/internal.ts'
import { isIP } from 'node:net'

import { loadPackage } from '../packages/index.ts'

/**
 * Which proxies are trusted to describe the client, one of:
 *
 * - addresses (`'192.0.2.7'`, `'2001:db8::7'`), ranges (`'10.0.0.0/8'`), or names of ranges:
 *   `'loopback'` (127.0.0.0/8, ::1), `'linklocal'` (169.254.0.0/16, fe80::/10), `'uniquelocal'`
 *   (10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, fc00::/7); one or a list. An empty list trusts no
 *   proxy;
 * - the constant number of proxies: a whole number, 0 for none. If it is too high, clients can
 *   choose their address;
 * - a function, called for each proxy from the nearest on, with its address (`''` if it is unknown,
 *   as for a Unix socket or a hidden address) and the number of nearer proxies. Only `true` trusts.
 */
export type ProxyTrust =
  | string
  | readonly string[]
  | number
  | ((address: string, nearer: number) => boolean)

/** Whether the proxy at `address` is trusted; `nearer` is the number of proxies in front of it. */
export type TrustCheck = (address: string, nearer: number) => boolean

const RANGE_NAMES: ReadonlySet<string> = new Set(['loopback', 'linklocal', 'uniquelocal'])

/**
 * Checks the option `trust`.
 *
 * @throws {TypeError | RangeError} for an invalid value.
 * @throws {PackageMissingError} for addresses without the package that matches them.
 */
export function readTrust(act: string, trust: ProxyTrust): TrustCheck {
  if (typeof trust === 'function') return (address, nearer) => isYes(trust(address, nearer))
  if (typeof trust === 'number') {
    const count = readWholeNumber(act, 'trust', trust, 0, { min: 0 })
    return (_address, nearer) => nearer < count
  }
  const entries: unknown = typeof trust === 'string' ? [trust] : trust
  if (!Array.isArray(entries)) {
    const expected = 'addresses of proxies, how many there are, or a function'
    throw new TypeError(`Cannot ${act}: option "trust" is ${kindOf(trust)}, expected ${expected}`)
  }
  return compileRanges(
    act,
    entries.map((entry) => readEntry(act, entry)),
  )
}

/** Only `true` trusts; the promise of an async function does not. */
function isYes(answer: unknown): boolean {
  return answer === true
}

function readEntry(act: string, entry: unknown): string {
  if (typeof entry !== 'string') throw noRange(act, kindOf(entry))
  const [address = ''] = entry.split('/')
  // The package would take "10/8" for 0.0.0.10/8.
  if (RANGE_NAMES.has(entry) || isIP(address) !== 0) return entry
  throw noRange(act, `"${entry}"`)
}

function compileRanges(act: string, entries: string[]): TrustCheck {
  // The package's own types describe its exports.
  const { compile } = loadPackage(act, '@fastify/proxy-addr') as typeof proxyAddr
  for (const entry of entries) {
    try {
      compile(entry)
    } catch (error) {
      throw noRange(act, `"${entry}"`, error)
    }
  }
  return compile(entries)
}

function noRange(act: string, shown: string, cause?: unknown): TypeError {
  return new TypeError(
    `Cannot ${act}: option "trust" has ${shown}, expected an address, a range such as "10.0.0.0/8", "loopback", "linklocal" or "uniquelocal"`,
    cause === undefined ? undefined : { cause },
  )
}
