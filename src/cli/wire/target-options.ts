/**
 * The options that say how to connect: headers, TLS, proxy, Unix socket. `connect`, `probe` and
 * `bench` have them.
 */

import { readFileSync } from 'node:fs'

import { permessageDeflate } from '../../extensions/index.ts'
import type { ClientTlsOptions, NodeClientOptions } from '../../engines/node/index.ts'
import { type Arguments, type OptionSpec, quoted } from '../arguments.ts'
import { UsageError } from '../exit-code.ts'
import { printable } from '../printable.ts'
import { httpTunnel, readProxy } from './http-tunnel.ts'

/** The options of the command line. */
export const TARGET_OPTIONS: readonly OptionSpec[] = [
  {
    name: 'header',
    short: 'H',
    value: '"NAME: VALUE"',
    multiple: true,
    help: 'Sends a header; may be repeated.',
  },
  {
    name: 'protocol',
    short: 's',
    value: 'NAME',
    multiple: true,
    help: 'Offers a subprotocol; may be repeated.',
  },
  { name: 'origin', short: 'o', value: 'ORIGIN', help: 'Sends this Origin, as a browser does.' },
  { name: 'deflate', help: 'Offers compression (permessage-deflate).' },
  { name: 'ca', value: 'FILE', help: 'Accepts certificates of this authority (PEM).' },
  { name: 'cert', value: 'FILE', help: 'The certificate of the client (PEM).' },
  { name: 'key', value: 'FILE', help: 'The key of the certificate (PEM).' },
  {
    name: 'servername',
    value: 'NAME',
    help: 'The name to send by SNI and to find in the certificate.',
  },
  {
    name: 'insecure',
    short: 'k',
    help: 'Accepts any certificate. Anyone on the path can then read.',
  },
  { name: 'unix', value: 'PATH', help: 'Connects to this Unix socket; the URL names the path.' },
  { name: 'proxy', value: 'URL', help: 'Connects through this HTTP proxy.' },
  { name: 'redirects', value: 'N', help: 'Follows so many redirects (default 0).' },
  { name: 'http2', help: 'Connects over HTTP/2 (RFC 8441).' },
  {
    name: 'connect-timeout',
    value: 'MS',
    help: 'Time for DNS, TCP, proxy and TLS (default 10000).',
  },
]

/**
 * Reads the options for one URL.
 *
 * @throws {UsageError} for an invalid value, a file that cannot be read, or an invalid combination.
 */
export function readTargetOptions(args: Arguments, url: string): NodeClientOptions {
  const { proxy, unix } = { proxy: args.text('proxy'), unix: args.text('unix') }
  if (proxy !== null && unix !== null) {
    throw new UsageError('Cannot use --proxy with --unix: expected one of them')
  }
  const origin = args.text('origin')
  const connectTimeout = args.number('connect-timeout', { min: 1 })
  return {
    headers: args.texts('header').map(readHeader),
    protocols: args.texts('protocol'),
    extensions: args.has('deflate') ? [permessageDeflate()] : [],
    tls: readTls(args),
    followRedirects: args.number('redirects', { min: 0, max: 20 }) ?? 0,
    ...(origin === null ? {} : { origin }),
    ...(connectTimeout === null ? {} : { connectTimeout: { milliseconds: connectTimeout } }),
    ...(unix === null ? {} : { socketPath: unix }),
    ...(args.has('http2') ? { http2: true } : {}),
    ...(proxy === null ? {} : { agent: httpTunnel(readProxy(proxy), isSecure(url)) }),
  }
}

/**
 * Adds `ws://` to a URL without a scheme: `localhost:8080/chat`.
 *
 * @throws {UsageError} unless the result is a URL.
 */
export function readUrl(text: string): string {
  const url = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `ws://${text}`
  if (URL.canParse(url)) return url
  throw new UsageError(
    `Cannot connect to ${quoted(text)}: it is not a URL, expected ws://HOST/PATH`,
  )
}

/** Reads a file that the user named. @throws {UsageError} if that fails. */
export function readUserFile(path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (cause) {
    const why = cause instanceof Error ? printable(cause.message) : ''
    throw new UsageError(`Cannot read the file ${quoted(path)}: ${why}`, { cause })
  }
}

function readHeader(text: string): readonly [name: string, value: string] {
  const colon = text.indexOf(':')
  if (colon > 0) return [text.slice(0, colon).trim(), text.slice(colon + 1).trim()]
  throw new UsageError('Cannot use --header: it has no colon, expected "NAME: VALUE"')
}

function readTls(args: Arguments): ClientTlsOptions {
  const [ca, cert, key] = ['ca', 'cert', 'key'].map((name) => args.text(name))
  const servername = args.text('servername')
  return {
    ...(typeof ca === 'string' ? { ca: readUserFile(ca) } : {}),
    ...(typeof cert === 'string' ? { cert: readUserFile(cert) } : {}),
    ...(typeof key === 'string' ? { key: readUserFile(key) } : {}),
    ...(servername === null ? {} : { servername }),
    ...(args.has('insecure') ? { rejectUnauthorized: false } : {}),
  }
}

function isSecure(url: string): boolean {
  return /^(wss|https):/i.test(url)
}
