/**
 * The options of `bench --typed`.
 */

import { type Arguments, type OptionSpec, quoted } from '../../arguments.ts'
import { UsageError } from '../../exit-code.ts'
import { readUserFile } from '../../wire/target-options.ts'

/** The options of the command line. */
export const TYPED_OPTIONS: readonly OptionSpec[] = [
  {
    name: 'typed',
    value: 'FILE',
    help: 'Sends requests of the contract that this module exports.',
  },
  {
    name: 'contract',
    value: 'NAME',
    help: 'The export of --typed, if there are several contracts.',
  },
  { name: 'request', value: 'NAME', help: 'The request to send, with --typed.' },
  {
    name: 'payload',
    value: 'JSON|@FILE',
    multiple: true,
    help: 'The value of the request; may be repeated, to be sent in turn.',
  },
]

/** The checked options. */
export interface TypedOptions {
  /** The path of the module. */
  readonly file: string
  /** `null`: the only contract of the module. */
  readonly contractName: string | null
  readonly request: string
  readonly payloads: readonly unknown[]
}

/** Options that say what plain messages are like. */
const PLAIN = ['mode', 'size', 'text', 'protocol']

/**
 * Reads the options.
 *
 * @returns `null` without `--typed`.
 * @throws {UsageError} for an invalid value or combination.
 */
export function readTypedOptions(args: Arguments): TypedOptions | null {
  const file = args.text('typed')
  if (file === null) {
    const alone = ['contract', 'request', 'payload'].find((name) => args.has(name))
    if (alone === undefined) return null
    throw new UsageError(`Cannot use --${alone} without --typed`)
  }
  const other = PLAIN.find((name) => args.has(name))
  if (other !== undefined) throw new UsageError(`Cannot use --${other} with --typed`)
  const request = args.text('request')
  if (request === null) throw new UsageError('Cannot use --typed: expected --request with a name')
  return {
    file,
    contractName: args.text('contract'),
    request,
    payloads: args.texts('payload').map(readPayload),
  }
}

function readPayload(text: string): unknown {
  const isFile = text.startsWith('@')
  const json = isFile ? readUserFile(text.slice(1)).toString('utf8') : text
  try {
    return JSON.parse(json) as unknown
  } catch (cause) {
    throw new UsageError(
      `Cannot use --payload: ${isFile ? `the file ${quoted(text.slice(1))}` : quoted(text)} is not JSON`,
      { cause },
    )
  }
}
