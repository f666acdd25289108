/**
 * Whether a host is on the public network.
 */

import { isIP } from 'node:net'

const PRIVATE_IPV4 = [/^127\./, /^10\./, /^192\.168\./, /^172\.(1[6-9]|2\d|3[01])\./, /^169\.254\./]
const PRIVATE_IPV6 = [/^::1$/, /^f[cd]/i, /^fe[89ab]/i]
const PRIVATE_NAME = /(^|\.)(localhost|local|internal|test)$/i

/** @returns `false` for loopback, private and link-local addresses, and for names of such hosts. */
export function isPublicHost({ hostname }: URL): boolean {
  const host = hostname.replaceAll(/^\[|\]$/g, '')
  const mapped = /^::ffff:([0-9a-f]{1,4}):[0-9a-f]{1,4}$/i.exec(host)
  if (mapped !== null)
    return !PRIVATE_IPV4.some((range) => range.test(mappedStart(mapped[1] ?? '')))
  if (isIP(host) === 4) return !PRIVATE_IPV4.some((range) => range.test(host))
  if (isIP(host) === 6) return !PRIVATE_IPV6.some((range) => range.test(host))
  // A name without a dot is found in the local network.
  return host.includes('.') && !PRIVATE_NAME.test(host)
}

/** The first two bytes of an IPv4 address that stands in an IPv6 address, with their dots. */
function mappedStart(digits: string): string {
  const value = Number.parseInt(digits, 16)
  return `${value >> 8}.${value & 0xff}.`
}
