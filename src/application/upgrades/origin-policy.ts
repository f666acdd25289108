/**
 * The origin rule: prevents cross-site WebSocket hijacking (RFC 6455 §10.2), in which a page of
 * another site opens a connection with this site's cookies.
 */

import { isThenable, kindOf } from '../../base/internal.ts'
import type { ApplicationCall, OriginRule } from '../application.ts'
import type { Origin } from '../calls/authority.ts'
import { parseOrigin, sameOrigin } from '../calls/authority.ts'

/** A checked origin rule, with parsed origins. */
export type CheckedOriginRule = Exclude<OriginRule, readonly string[]> | readonly Origin[]

/**
 * Checks the option `origins`. Returns `fallback` if it is absent.
 *
 * @throws {TypeError} for an invalid rule or an invalid origin in the list.
 */
export function readOriginRule(
  act: string,
  rule: OriginRule | undefined,
  fallback: CheckedOriginRule,
): CheckedOriginRule {
  if (rule === undefined) return fallback
  if (rule === 'same-origin' || rule === 'any' || typeof rule === 'function') return rule
  if (!Array.isArray(rule)) {
    throw new TypeError(
      `Cannot ${act}: option "origins" is ${kindOf(rule)}, expected 'same-origin', 'any', a list or a function`,
    )
  }
  return rule.map((entry: unknown) => readAllowedOrigin(act, entry))
}

/**
 * Whether `rule` allows `call` to connect. The request's own origin is always allowed. A request
 * without `Origin` is allowed too, because it does not come from a page.
 *
 * @param header the `Origin` header of the request; `null` if absent.
 */
export function mayConnect(
  rule: CheckedOriginRule,
  header: string | null,
  call: ApplicationCall & { readonly origin: Origin },
): boolean | Promise<boolean> {
  if (header === null || rule === 'any') return true

  // `null` for an opaque ("null") or invalid origin, which equals nothing.
  const origin = parseOrigin(header)
  if (origin !== null && sameOrigin(origin, call.origin)) return true
  if (rule === 'same-origin') return false
  if (typeof rule === 'function') return isYes(rule(header, call))
  return origin !== null && rule.some((allowed) => sameOrigin(allowed, origin))
}

/** Only `true` allows: a function that returns nothing has not allowed the origin. */
function isYes(answer: unknown): boolean | Promise<boolean> {
  if (isThenable(answer)) return Promise.resolve(answer).then((later) => later === true)
  return answer === true
}

function readAllowedOrigin(act: string, entry: unknown): Origin {
  // The URL parser accepts a star in a host, but such an origin would match nothing.
  const isPattern = typeof entry === 'string' && entry.includes('*')
  const origin = typeof entry === 'string' && !isPattern ? parseOrigin(entry) : null
  if (origin !== null) return origin
  const shown = typeof entry === 'string' ? `"${entry}"` : kindOf(entry)
  throw new TypeError(`Cannot ${act}: option "origins" has ${shown}, expected ${hintFor(entry)}`)
}

function hintFor(entry: unknown): string {
  if (entry === '*') return `'any'`
  const isPattern = typeof entry === 'string' && entry.includes('*')
  if (isPattern) return 'whole origins, or a function in place of the list'
  return 'scheme://host or scheme://host:port, such as https://example.com'
}
