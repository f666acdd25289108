/**
 * The key under which a client is counted for the limit per address: its IPv4 address, or its IPv6
 * /64, because one customer usually has a whole /64.
 */

const MAPPED_IPV4 = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i

/** Loopback, private, shared and link-local networks (RFC 6890 §2.2.2). */
const OWN_IPV4 =
  /^(?:127|10)\.|^192\.168\.|^169\.254\.|^172\.(?:1[6-9]|2\d|3[01])\.|^100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\./

/** Returns the key of `remoteHost`, or `null` if the transport has no addresses. */
export function addressKey(remoteHost: string): string | null {
  if (remoteHost === '') return null
  if (remoteHost.indexOf(':') < 0) return remoteHost
  const mapped = MAPPED_IPV4.exec(remoteHost)?.[1]
  if (mapped !== undefined) return mapped
  const zoneAt = remoteHost.indexOf('%')
  const address = zoneAt < 0 ? remoteHost : remoteHost.slice(0, zoneAt)
  const url = `http://[${address}]`
  if (!address.includes(':') || !URL.canParse(url)) return remoteHost
  // The URL parser makes it canonical: lower case, no leading zeros, at most one `::`.
  const groups = networkGroups(new URL(url).hostname.slice(1, -1))
  return `${groups.join(':')}::/64`
}

/**
 * Whether `key` (from `addressKey`) belongs to a private network. Proxies and load balancers are
 * there, so one address may stand for any number of clients.
 */
export function isOwnNetwork(key: string): boolean {
  if (!key.includes(':')) return OWN_IPV4.test(key)
  // Loopback, unique local (fc00::/7), link-local (fe80::/10).
  return key === '0:0:0:0::/64' || /^f[cd]|^fe[89ab]/.test(key)
}

/** Returns the first four of the eight groups of a canonical IPv6 address. */
function networkGroups(address: string): string[] {
  const [head = '', tail] = address.split('::')
  const before = head === '' ? [] : head.split(':')
  const after = tail === undefined || tail === '' ? [] : tail.split(':')
  const missing = tail === undefined ? 0 : 8 - before.length - after.length
  const zeros = Array.from({ length: missing }, () => '0')
  return [...before, ...zeros, ...after].slice(0, 4)
}
