/**
 * Where a page connects to: URLs as the WHATWG's `WebSocket` takes them, in browsers too that do not yet.
 */

import { ACT } from './browser-options.ts'

/**
 * Reads the URL that a page gives: `ws:` or `wss:`, or `http:` or `https:` in their place, or relative to the page.
 * Other schemes and fragments are the browser's to refuse.
 *
 * @param baseUrl what relative ones are relative to; absent: they are refused.
 * @throws {TypeError} for what is no URL. It is in no message: it may be a secret.
 */
export function readPageUrl(given: string | URL, baseUrl: string | undefined): URL {
  let url: URL
  try {
    url = new URL(given, baseUrl)
  } catch {
    throw new TypeError(`Cannot ${ACT}: the URL is none, expected such as "wss://example.com/path"`)
  }
  // http: becomes ws:, and https: wss:.
  url.protocol = url.protocol.replace('http', 'ws')
  return url
}

/** A URL for others to see: without credentials. */
export function withoutCredentials(url: URL): string {
  const shown = new URL(url)
  shown.username = ''
  shown.password = ''
  return shown.href
}
