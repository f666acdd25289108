/**
 * The options of `towpath check`.
 */

import { readDialerOptions } from '../../engines/node/internal.ts'
import { type Arguments, type CommandSpec, quoted } from '../arguments.ts'
import { UsageError } from '../exit-code.ts'
import { readTargetOptions, readUrl, TARGET_OPTIONS } from '../wire/target-options.ts'
import { type CheckCase, FAMILIES } from './check-case.ts'
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
  'connect-timeout',
]

/** Headers that belong to the cases. */
const OWN_HEADERS = /^(host|upgrade|connection|sec-websocket-.*|content-length|transfer-encoding)$/i

/** The command, as its help shows it. */
export const CHECK_SPEC: CommandSpec = {
  name: 'check',
  operands: 'URL',
  minOperands: 1,
  maxOperands: 1,
  summary: 'Checks whether a server that echoes keeps the rules of RFC 6455 and 7692.',
  options: [
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
  return {
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

/** @throws {UsageError} for an invalid URL or option. */
export function readCheckTarget(args: Arguments): CheckTarget {
  const url = new URL(readUrl(args.operands[0] ?? ''))
  if (url.protocol !== 'ws:' && url.protocol !== 'wss:') {
    throw new UsageError(`Cannot check ${quoted(url.protocol)}: expected a URL of ws: or wss:`)
  }
  const options = readTargetOptions(args, url.href)
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
export function selectCases<Case extends Pick<CheckCase, 'name' | 'section' | 'grade'>>(
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
    `Cannot use --filter: no case matches, expected a part of a name, or one of ${families}`,
  )
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
