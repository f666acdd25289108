/**
 * Which pages may connect: the answer to cross-site WebSocket hijacking (RFC 6455 §10.2), where a page of
 * another site opens a connection that carries this site's cookies.
 */

import { isThenable, kindOf } from '../../base/internal.ts'
import type { ApplicationCall, OriginRule } from '../application.ts'
import type { Origin } from '../calls/authority.ts'
import { parseOrigin, sameOrigin } from '../calls/authority.ts'

/** An origin rule that has been checked, with its origins as values. */
export type CheckedOriginRule = Exclude<OriginRule, readonly string[]> | readonly Origin[]

/**
 * Checks the option `origins`; `fallback` when it is absent.
 *
 * @throws {TypeError} for anything that is no rule, or an entry that is no origin.
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
 * Whether `rule` lets `call` connect. Only a browser says on whose behalf it connects, so a request without
 * an `Origin` is not a page's; one from the request's own origin always may.
 *
 * @param header the `Origin` of the request; `null` without.
 */
export function mayConnect(
  rule: CheckedOriginRule,
  header: string | null,
  call: ApplicationCall,
): boolean | Promise<boolean> {
  if (header === null || rule === 'any') return true

  // Never equal to anything when it is opaque ("null") or no origin at all.
  const origin = parseOrigin(header)
  if (origin !== null && sameOrigin(origin, call.request.origin)) return true
  if (rule === 'same-origin') return false
  if (typeof rule === 'function') return isYes(rule(header, call))
  return origin !== null && rule.some((allowed) => sameOrigin(allowed, origin))
}

/** Only `true` allows: a function that forgets to answer has not allowed anything. */
function isYes(answer: unknown): boolean | Promise<boolean> {
  if (isThenable(answer)) return Promise.resolve(answer).then((later) => later === true)
  return answer === true
}

function readAllowedOrigin(act: string, entry: unknown): Origin {
  // The URL parser lets a host have a star in it, which would match nothing.
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
