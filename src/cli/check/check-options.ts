/**
 * The options of `towpath check`.
 */

import type { TlsOptions } from 'node:tls'

import { readDialerOptions } from '../../engines/node/internal.ts'
import { type Arguments, type CommandSpec, quoted } from '../arguments.ts'
import { UsageError } from '../exit-code.ts'
import { readPort, readServerTls } from '../listen/listen-options.ts'
import { readTargetOptions, readUrl, TARGET_OPTIONS } from '../wire/target-options.ts'
import { type Described, FAMILIES } from './check-case.ts'
import type { CheckTarget } from './wire/open-connection.ts'

const DEFAULT_DEADLINE_MS = 5000
const DEFAULT_CONNECT_TIMEOUT_MS = 10_000
const DEFAULT_CONCURRENCY = 8
const MAX_CONCURRENCY = 64

/** The options of the connection that `check` has: it makes all requests by itself. */
const TARGET_NAMES: readonly string[] = [
  'header',
  'protocol',
  'origin',
  'ca',
  'cert',
  'key',
  'servername',
  'insecure',
  'unix',
  'proxy',
  'http2',
  'connect-timeout',
]

/** Options that need a URL, and options that need `--serve`. */
const CONNECTING = TARGET_NAMES.filter((name) => name !== 'cert' && name !== 'key')
const LISTENING = ['host']

/** The port of the public suite. */
const DEFAULT_PORT = 9001

/** Headers that belong to the cases. */
const OWN_HEADERS = /^(host|upgrade|connection|sec-websocket-.*|content-length|transfer-encoding)$/i

/** The command, as its help shows it. */
export const CHECK_SPEC: CommandSpec = {
  name: 'check',
  operands: '[URL | PORT]',
  minOperands: 0,
  maxOperands: 1,
  summary:
    'Checks whether a server, or a client, that echoes keeps RFC 6455, RFC 7692 and RFC 8441.',
  options: [
    { name: 'serve', help: 'Listens on PORT (default 9001), and checks a client that connects.' },
    { name: 'host', value: 'HOST', help: 'The address to listen on (default 127.0.0.1).' },
    ...TARGET_OPTIONS.filter(({ name }) => TARGET_NAMES.includes(name)),
    {
      name: 'filter',
      value: 'TEXT',
      multiple: true,
      help: 'Runs cases with this text in family, name, section or grade; may be repeated.',
    },
    {
      name: 'grade',
      value: 'GRADE',
      help: 'must (default): only fail counts; strict: strict-fail counts too.',
    },
    { name: 'list', help: 'Prints the cases, and runs none.' },
    {
      name: 'deadline',
      value: 'MS',
      help: `The time of one case (default ${DEFAULT_DEADLINE_MS}).`,
    },
    {
      name: 'concurrency',
      value: 'N',
      help: `How many cases run at a time (default ${DEFAULT_CONCURRENCY}).`,
    },
    { name: 'json', help: 'Prints one object of JSON.' },
    { name: 'junit', value: 'FILE', help: 'Writes the results as JUnit XML.' },
    { name: 'html', value: 'FILE', help: 'Writes the results as one HTML page.' },
    { name: 'verbose', short: 'v', help: 'Prints informational results too.' },
    { name: 'timeout', value: 'MS', help: 'Ends everything after this time, with exit code 124.' },
  ],
}

/** The checked options. */
export interface CheckSettings {
  /** Whether a client is checked, which connects. */
  readonly isServing: boolean
  /** Whether the cases run over HTTP/2. */
  readonly isHttp2: boolean
  readonly filters: readonly string[]
  /** Whether `strict-fail` counts as a failure. */
  readonly isStrict: boolean
  readonly isList: boolean
  /** In milliseconds. */
  readonly deadline: number
  readonly concurrency: number
  readonly isJson: boolean
  readonly junitFile: string | null
  readonly htmlFile: string | null
  readonly isVerbose: boolean
  /** In milliseconds; `null`: none. */
  readonly timeout: number | null
}

/** @throws {UsageError} for an invalid value. */
export function readCheckSettings(args: Arguments): CheckSettings {
  const grade = args.text('grade') ?? 'must'
  if (grade !== 'must' && grade !== 'strict') {
    throw new UsageError(`Cannot use --grade: it is ${quoted(grade)}, expected must or strict`)
  }
  const isServing = args.has('serve')
  const given = (isServing ? CONNECTING : LISTENING).find((name) => args.has(name))
  if (given !== undefined) {
    throw new UsageError(`Cannot use --${given} ${isServing ? 'with' : 'without'} --serve`)
  }
  return {
    isServing,
    isHttp2: args.has('http2'),
    filters: args.texts('filter').map((text) => text.toLowerCase()),
    isStrict: grade === 'strict',
    isList: args.has('list'),
    deadline: args.number('deadline', { min: 1, max: 600_000 }) ?? DEFAULT_DEADLINE_MS,
    concurrency:
      args.number('concurrency', { min: 1, max: MAX_CONCURRENCY }) ?? DEFAULT_CONCURRENCY,
    isJson: args.has('json'),
    junitFile: args.text('junit'),
    htmlFile: args.text('html'),
    isVerbose: args.has('verbose'),
    timeout: args.number('timeout', { min: 1 }),
  }
}

/** Where a server listens that checks clients. */
export interface CheckAddress {
  readonly host: string
  readonly port: number
  readonly tls: TlsOptions | null
}

/** @throws {UsageError} for an invalid port, or a certificate without its key. */
export function readCheckAddress(args: Arguments): CheckAddress {
  return {
    host: args.text('host') ?? '127.0.0.1',
    port: readPort(args.operands[0], DEFAULT_PORT),
    tls: readServerTls(args),
  }
}

/** @throws {UsageError} for an invalid URL or option. */
export function readCheckTarget(args: Arguments): CheckTarget {
  const [operand] = args.operands
  if (operand === undefined) {
    throw new UsageError('Cannot run check: it has no URL, expected one, or --serve')
  }
  const url = new URL(readUrl(operand))
  if (url.protocol !== 'ws:' && url.protocol !== 'wss:') {
    throw new UsageError(`Cannot check ${quoted(url.protocol)}: expected a URL of ws: or wss:`)
  }
  // The socket of a case is opened here, whatever speaks on it.
  const options = { ...readTargetOptions(args, url.href), http2: false }
  const protocols = args.texts('protocol')
  const origin = args.text('origin')
  const headers = args.texts('header').map(checkedHeader)
  return {
    url,
    settings: readDialerOptions(options),
    connectTimeout: args.number('connect-timeout', { min: 1 }) ?? DEFAULT_CONNECT_TIMEOUT_MS,
    request: {
      path: `${url.pathname}${url.search}`,
      host: url.host,
      isSecure: url.protocol === 'wss:',
      lines: [
        ...authorizationOf(url),
        ...headers,
        ...(origin === null ? [] : [`Origin: ${checked(origin)}`]),
        ...(protocols.length === 0
          ? []
          : [`Sec-WebSocket-Protocol: ${protocols.map(checked).join(', ')}`]),
      ],
    },
    protocols,
  }
}

/** Returns the cases that every filter matches. @throws {UsageError} if there is none. */
export function selectCases<Case extends Pick<Described, 'name' | 'section' | 'grade'>>(
  cases: readonly (Case & { readonly family: string })[],
  filters: readonly string[],
): (Case & { readonly family: string })[] {
  const selected = cases.filter(({ family, name, section, grade }) => {
    const text = `${family}: ${name} ${section} ${grade}`.toLowerCase()
    return filters.every((filter) => text.includes(filter))
  })
  if (selected.length > 0) return selected
  const families = FAMILIES.join(', ')
  throw new UsageError(
    `Cannot use --filter: no case matches, expected a part of a name, or a family such as ${families}`,
  )
}

/** The name and password of the URL, as the client of this package sends them. */
function authorizationOf({ username, password }: URL): string[] {
  if (username === '' && password === '') return []
  try {
    const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
    return [`Authorization: Basic ${Buffer.from(pair).toString('base64')}`]
  } catch (cause) {
    throw new UsageError('Cannot use the URL: its name or password has an invalid escape', {
      cause,
    })
  }
}

function checkedHeader(line: string): string {
  const name = line.slice(0, line.indexOf(':')).trim()
  if (!OWN_HEADERS.test(name)) return checked(line)
  throw new UsageError(`Cannot use --header: ${quoted(name)} belongs to the cases of check`)
}

function checked(text: string): string {
  if (/^[\t\u0020-\u007e]*$/.test(text)) return text
  throw new UsageError(`Cannot send ${quoted(text)}: expected printable ASCII`)
}
