/**
 * The options of `towpath bench`.
 */

import { type Arguments, type CommandSpec, quoted } from '../arguments.ts'
import { UsageError } from '../exit-code.ts'
import { readUrl, TARGET_OPTIONS } from '../wire/target-options.ts'
import type { BenchLoad, BenchMode } from './bench-load.ts'
import { MIN_MESSAGE_BYTES } from './bench-message.ts'
import { RESULT_NAMES } from './bench-result.ts'
import { isPublicHost } from './public-host.ts'
import { readThresholds, type Threshold } from './thresholds.ts'
import { readTypedOptions, TYPED_OPTIONS, type TypedOptions } from './typed/typed-options.ts'

const MODES: readonly BenchMode[] = ['echo', 'fan', 'idle', 'storm', 'upload']
const MAX_PUBLIC_CONNECTIONS = 1000

/** The command, as its help shows it. */
export const BENCH_SPEC: CommandSpec = {
  name: 'bench',
  operands: 'URL',
  minOperands: 1,
  maxOperands: 1,
  summary: 'Puts load on a server by a schedule, and checks every message.',
  options: [
    ...TARGET_OPTIONS,
    { name: 'mode', value: 'MODE', help: `One of ${MODES.join(', ')} (default echo).` },
    { name: 'connections', short: 'c', value: 'N', help: 'Connections (default 10).' },
    { name: 'rate', short: 'r', value: 'N', help: 'Messages a second, in all (default 1000).' },
    { name: 'duration', short: 'd', value: 'SECONDS', help: 'How long (default 10).' },
    { name: 'ramp', value: 'SECONDS', help: 'Opens the connections over this time (default 0).' },
    { name: 'size', value: 'BYTES', help: 'Size of a message (default 64).' },
    { name: 'text', help: 'Sends text messages (base64) instead of binary ones.' },
    ...TYPED_OPTIONS,
    { name: 'drain', value: 'MS', help: 'Waits for the last messages (default 2000).' },
    { name: 'workers', short: 'w', value: 'N', help: 'Threads that share the load (default 1).' },
    { name: 'expect', value: 'LIST', help: "Fails unless it holds: 'p99<50ms,lost=0'." },
    { name: 'json', help: 'Prints one object of JSON.' },
    { name: 'report', value: 'FILE', help: 'Writes a page with charts.' },
    {
      name: 'yes',
      help: `Allows more than ${MAX_PUBLIC_CONNECTIONS} connections to a public host.`,
    },
    { name: 'timeout', value: 'MS', help: 'Ends everything after this time, with exit code 124.' },
  ],
}

/** The checked options, beside those of the target. */
export interface BenchSettings {
  readonly url: string
  readonly load: BenchLoad
  /** `null`: plain messages. */
  readonly typed: TypedOptions | null
  readonly workers: number
  readonly thresholds: readonly Threshold[]
  readonly isJson: boolean
  readonly reportFile: string | null
  readonly timeout: number | null
}

/** @throws {UsageError} for an invalid value, or for too much load on a public host. */
export function readBenchSettings(args: Arguments): BenchSettings {
  const url = readUrl(args.operands[0] ?? '')
  const mode = readMode(args.text('mode') ?? 'echo')
  const connections = args.number('connections', { min: 1, max: 1_000_000 }) ?? 10
  const seconds = (name: string, fallback: number): number =>
    (args.number(name, { min: 0, max: 86_400, whole: false }) ?? fallback) * 1000
  const settings: BenchSettings = {
    url,
    load: {
      mode,
      connections,
      rate: args.number('rate', { min: 0.01, max: 10_000_000, whole: false }) ?? 1000,
      duration: seconds('duration', 10),
      ramp: seconds('ramp', 0),
      size: args.number('size', { min: MIN_MESSAGE_BYTES, max: 2 ** 26 }) ?? 64,
      isText: args.has('text'),
      drain: args.number('drain', { min: 0 }) ?? 2000,
    },
    typed: readTypedOptions(args),
    workers: args.number('workers', { min: 1, max: 64 }) ?? 1,
    thresholds: readThresholdsOf(args),
    isJson: args.has('json'),
    reportFile: args.text('report'),
    timeout: args.number('timeout', { min: 1 }),
  }
  requireSensible(settings, args.has('yes'), args.text('unix') !== null)
  return settings
}

function readThresholdsOf(args: Arguments): readonly Threshold[] {
  const text = args.text('expect')
  return text === null ? [] : readThresholds(text, RESULT_NAMES)
}

function readMode(text: string): BenchMode {
  const mode = MODES.find((each) => each === text)
  if (mode !== undefined) return mode
  throw new UsageError(`Cannot use --mode: it is ${quoted(text)}, expected ${MODES.join(', ')}`)
}

function requireSensible(
  { url, load, workers }: BenchSettings,
  isSure: boolean,
  isUnix: boolean,
): void {
  const { connections, mode } = load
  if (workers > connections) {
    throw new UsageError('Cannot use --workers: there are more than connections')
  }
  if (mode === 'fan' && (workers > 1 || connections < 2)) {
    throw new UsageError('Cannot use --mode fan: expected one worker and two connections or more')
  }
  if (isSure || isUnix || connections <= MAX_PUBLIC_CONNECTIONS || !isPublicHost(new URL(url)))
    return
  throw new UsageError(
    `Cannot open ${connections} connections to a public host, expected at most ${MAX_PUBLIC_CONNECTIONS}, or --yes if it is yours`,
  )
}
