/**
 * The options of `towpath connect`.
 */

import { type Arguments, type CommandSpec, quoted } from '../arguments.ts'
import { UsageError } from '../exit-code.ts'
import { readUserFile, TARGET_OPTIONS } from '../wire/target-options.ts'
import { Expectations } from './expectations.ts'
import type { MessageFormat } from './message-format.ts'
import type { InputFormat } from './piped-input.ts'
import { type Instruction, readLine } from './script-line.ts'

const DEFAULT_MAX_MESSAGE_BYTES = 64 * 1024 * 1024

/** The command, as its help shows it. */
export const CONNECT_SPEC: CommandSpec = {
  name: 'connect',
  operands: 'URL',
  minOperands: 1,
  maxOperands: 1,
  summary: 'Talks to a WebSocket server, on a terminal or in a pipe.',
  options: [
    ...TARGET_OPTIONS,
    {
      name: 'send',
      value: 'LINE',
      multiple: true,
      help: 'Runs a line first, as if it were typed; then stays.',
    },
    {
      name: 'subscribe',
      value: 'TOPIC|@FILE',
      multiple: true,
      help: 'Subscribes to topics of a Towpath server.',
    },
    { name: 'token', value: 'TOKEN', help: 'The token for --subscribe.' },
    { name: 'json', help: 'Prints JSON over several lines.' },
    {
      name: 'null',
      short: '0',
      help: 'Messages end with a NUL byte, in and out; nothing is escaped.',
    },
    { name: 'base64', help: 'Messages are lines of base64, in and out; input is sent as binary.' },
    { name: 'binary', help: 'Sends piped input as binary messages.' },
    { name: 'wait', value: 'MS', help: 'Waits after the end of the input (default 0).' },
    { name: 'count', value: 'N', help: 'Closes after N messages.' },
    {
      name: 'expect',
      value: 'JSON',
      multiple: true,
      help: 'Closes when a message matches; fails otherwise.',
    },
    { name: 'timeout', value: 'MS', help: 'Ends everything after this time, with exit code 124.' },
    { name: 'reconnect', help: 'Connects again when the connection is lost.' },
    { name: 'ping', value: 'MS', help: 'Sends a ping in this period.' },
    { name: 'max-message', value: 'BYTES', help: 'Largest message, in and out (default 64 MiB).' },
    {
      name: 'history',
      value: 'FILE',
      help: 'The history (default ~/.towpath_history; "" for none).',
    },
    { name: 'verbose', short: 'v', help: 'Prints notes to standard error in a pipe too.' },
  ],
}

/** The checked options, beside those of the target. */
export interface ConnectSettings {
  readonly script: readonly Instruction[]
  readonly topics: readonly string[]
  readonly token: string | null
  readonly format: MessageFormat
  readonly input: InputFormat
  /** In milliseconds; `null`: until everything that is expected has come. */
  readonly wait: number | null
  readonly expectations: Expectations
  readonly timeout: number | null
  readonly reconnects: boolean
  readonly pingPeriod: number | null
  readonly maxMessageBytes: number
  /** `null`: the default file. `''`: none. */
  readonly history: string | null
  readonly isVerbose: boolean
}

/** @throws {UsageError} for an invalid value or combination. */
export function readConnectSettings(args: Arguments): ConnectSettings {
  const formats = (['json', 'null', 'base64'] as const).filter((name) => args.has(name))
  if (formats.length > 1) {
    throw new UsageError(`Cannot use --${formats.join(' with --')}: expected one of them`)
  }
  const topics = args.texts('subscribe').flatMap(readTopics)
  if (topics.length > 0 && args.texts('protocol').length > 0) {
    throw new UsageError('Cannot use --protocol with --subscribe, which has its own')
  }
  const [format = 'line'] = formats
  const maxMessageBytes =
    args.number('max-message', { min: 1, max: 2 ** 31 }) ?? DEFAULT_MAX_MESSAGE_BYTES
  const expectations = new Expectations(args.texts('expect'), args.number('count', { min: 1 }))
  const binary = args.has('binary') ? 'binary' : 'text'
  return {
    script: readScript(args.texts('send'), topics.length > 0),
    topics,
    token: args.text('token'),
    format,
    input: {
      separator: format === 'null' ? 'null' : 'line',
      encoding: format === 'base64' ? 'base64' : binary,
      maxBytes: maxMessageBytes,
    },
    wait: args.number('wait', { min: 0 }) ?? (expectations.isAny ? null : 0),
    expectations,
    timeout: args.number('timeout', { min: 1 }),
    reconnects: args.has('reconnect'),
    pingPeriod: args.number('ping', { min: 1 }),
    maxMessageBytes,
    history: args.text('history'),
    isVerbose: args.has('verbose'),
  }
}

/** Reads lines. One that cannot be run later is refused before there is a connection. */
function readScript(lines: readonly string[], hasTopics: boolean): Instruction[] {
  const script = lines.map(readLine)
  const types = new Set(script.map(({ type }) => type))
  if (hasTopics && (types.has('send') || types.has('ping'))) {
    throw new UsageError(
      'Cannot use --send with --subscribe for a message or a ping: expected /publish TOPIC JSON',
    )
  }
  if (!hasTopics && types.has('publish')) {
    throw new UsageError('Cannot use --send /publish: there are no topics, expected --subscribe')
  }
  return script
}

/** A file has a topic a line. */
function readTopics(text: string): string[] {
  if (!text.startsWith('@')) return [text]
  const topics = readUserFile(text.slice(1))
    .toString('utf8')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
  if (topics.length > 0) return topics
  throw new UsageError(
    `Cannot use --subscribe: the file ${quoted(text.slice(1))} has no topic, expected one on each line`,
  )
}
