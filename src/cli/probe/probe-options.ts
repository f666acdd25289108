/**
 * The options of `towpath probe`.
 */

import type { Arguments, CommandSpec } from '../arguments.ts'
import { TARGET_OPTIONS } from '../wire/target-options.ts'

const DEFAULT_PINGS = 3

/** The command, as its help shows it. */
export const PROBE_SPEC: CommandSpec = {
  name: 'probe',
  operands: 'URL',
  minOperands: 1,
  maxOperands: 1,
  summary: 'Measures each step of a handshake, pings, and timeouts on the way.',
  options: [
    ...TARGET_OPTIONS.filter(({ name }) => name !== 'deflate'),
    { name: 'pings', value: 'N', help: `Sends so many pings (default ${DEFAULT_PINGS}).` },
    {
      name: 'idle',
      value: 'SECONDS',
      help: 'Stays silent so long, to find the idle timeout of proxies.',
    },
    {
      name: 'largest',
      value: 'BYTES',
      help: 'Sends binary messages of up to so many bytes, to find the limit.',
    },
    { name: 'json', help: 'Prints one object of JSON.' },
    { name: 'timeout', value: 'MS', help: 'Ends everything after this time, with exit code 124.' },
  ],
}

/** The checked options, beside those of the target. Times are in milliseconds. */
export interface ProbeSettings {
  readonly pings: number
  readonly idle: number | null
  readonly largest: number | null
  readonly isJson: boolean
  readonly timeout: number | null
}

/** @throws {UsageError} for an invalid value. */
export function readProbeSettings(args: Arguments): ProbeSettings {
  const idle = args.number('idle', { min: 1, max: 86_400 })
  return {
    pings: args.number('pings', { min: 0, max: 1000 }) ?? DEFAULT_PINGS,
    idle: idle === null ? null : idle * 1000,
    largest: args.number('largest', { min: 1, max: 2 ** 30 }),
    isJson: args.has('json'),
    timeout: args.number('timeout', { min: 1 }),
  }
}
