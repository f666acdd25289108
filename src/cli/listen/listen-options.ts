/**
 * The options of `towpath listen`.
 */

import type { TlsOptions } from 'node:tls'

import type { Arguments, CommandSpec } from '../arguments.ts'
import { Expectations } from '../connect/expectations.ts'
import type { MessageFormat } from '../connect/message-format.ts'
import { type Instruction, readLine } from '../connect/script-line.ts'
import { UsageError } from '../exit-code.ts'
import { readUserFile } from '../wire/target-options.ts'

const DEFAULT_PORT = 8080
const DEFAULT_MAX_MESSAGE_BYTES = 64 * 1024 * 1024

/** The command, as its help shows it. */
export const LISTEN_SPEC: CommandSpec = {
  name: 'listen',
  operands: '[PORT]',
  minOperands: 0,
  maxOperands: 1,
  summary: 'Is a server to test a client with: prints what comes, and echoes it.',
  options: [
    { name: 'host', value: 'HOST', help: 'The address to listen on (default 127.0.0.1).' },
    { name: 'unix', value: 'PATH', help: 'Listens on a Unix socket instead.' },
    { name: 'cert', value: 'FILE', help: 'Serves wss: with this certificate (PEM).' },
    { name: 'key', value: 'FILE', help: 'The key of the certificate (PEM).' },
    {
      name: 'protocol',
      short: 's',
      value: 'NAME',
      multiple: true,
      help: 'A subprotocol that may be chosen; may be repeated.',
    },
    { name: 'deflate', help: 'Accepts compression (permessage-deflate).' },
    { name: 'silent', help: 'Sends no echo.' },
    {
      name: 'send',
      value: 'LINE',
      multiple: true,
      help: 'Sends this to each client that connects: a line of connect.',
    },
    { name: 'record', value: 'FILE', help: 'Appends each message to a file, as a line of JSON.' },
    { name: 'json', help: 'Prints JSON over several lines.' },
    { name: 'null', short: '0', help: 'Messages end with a NUL byte; nothing is escaped.' },
    { name: 'base64', help: 'Prints messages as lines of base64.' },
    { name: 'once', help: 'Ends with the first connection.' },
    { name: 'count', value: 'N', help: 'Ends after N messages.' },
    { name: 'expect', value: 'JSON', multiple: true, help: 'Ends when a message matches.' },
    { name: 'timeout', value: 'MS', help: 'Ends after this time, with exit code 124.' },
    { name: 'max-message', value: 'BYTES', help: 'Largest message (default 64 MiB).' },
  ],
}

/** The checked options. */
export interface ListenSettings {
  readonly port: number
  readonly host: string
  readonly socketPath: string | null
  readonly tls: TlsOptions | null
  readonly protocols: readonly string[]
  readonly deflates: boolean
  readonly echoes: boolean
  readonly greeting: ReadonlyArray<
    Extract<Instruction, { readonly type: 'send' | 'close' | 'ping' }>
  >
  readonly recordFile: string | null
  readonly format: MessageFormat
  readonly isOnce: boolean
  readonly expectations: Expectations
  readonly timeout: number | null
  readonly maxMessageBytes: number
}

/** @throws {UsageError} for an invalid value or combination. */
export function readListenSettings(args: Arguments): ListenSettings {
  const formats = (['json', 'null', 'base64'] as const).filter((name) => args.has(name))
  if (formats.length > 1) {
    throw new UsageError(`Cannot use --${formats.join(' with --')}: expected one of them`)
  }
  const [format = 'line'] = formats
  return {
    port: readPort(args.operands[0], DEFAULT_PORT),
    host: args.text('host') ?? '127.0.0.1',
    socketPath: args.text('unix'),
    tls: readServerTls(args),
    protocols: args.texts('protocol'),
    deflates: args.has('deflate'),
    echoes: !args.has('silent'),
    greeting: args.texts('send').map(readGreeting),
    recordFile: args.text('record'),
    format,
    isOnce: args.has('once'),
    expectations: new Expectations(args.texts('expect'), args.number('count', { min: 1 })),
    timeout: args.number('timeout', { min: 1 }),
    maxMessageBytes:
      args.number('max-message', { min: 1, max: 2 ** 31 }) ?? DEFAULT_MAX_MESSAGE_BYTES,
  }
}

/** @throws {UsageError} for what is no port. */
export function readPort(text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Infinity
  if (port <= 65535) return port
  throw new UsageError('Cannot listen: the port is invalid, expected 0 to 65535')
}

/** Reads `--cert` and `--key`. @throws {UsageError} if one of them is missing or unreadable. */
export function readServerTls(args: Arguments): TlsOptions | null {
  const [cert, key] = [args.text('cert'), args.text('key')]
  if (cert === null && key === null) return null
  if (cert !== null && key !== null) return { cert: readUserFile(cert), key: readUserFile(key) }
  throw new UsageError('Cannot serve wss: with one of --cert and --key, expected both')
}

function readGreeting(line: string): ListenSettings['greeting'][number] {
  const instruction = readLine(line)
  const { type } = instruction
  if (type === 'send' || type === 'close' || type === 'ping') return instruction
  throw new UsageError('Cannot use --send: expected a text, /binary, /fragment, /ping or /close')
}
