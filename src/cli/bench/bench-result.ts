/**
 * The result of a benchmark: what each thread has counted, merged.
 */

import { Histogram, type HistogramData, type Percentiles } from './histogram.ts'
import type { ToolLoad } from './load-meter.ts'

/** Messages of one second. */
export interface SecondCounts {
  readonly sent: number
  readonly received: number
  /** The largest latency, in milliseconds. */
  readonly latency: number
}

/** One drop of all connections. Times are in milliseconds. */
export interface StormCounts {
  readonly jitter: boolean
  /** Until the last connection was back; `null`: not all came back. */
  readonly allBack: number | null
  readonly attempts: number
  readonly back: HistogramData
}

/** The counts of messages and connections. */
export interface BenchCounts {
  readonly opened: number
  /** Connections that could not be opened. */
  readonly failed: number
  /** Connections that ended before the benchmark did. */
  readonly closed: number
  readonly sent: number
  /** Messages that were due, and that no connection took. */
  readonly unsent: number
  readonly received: number
  readonly lost: number
  readonly duplicate: number
  readonly reordered: number
  readonly corrupt: number
  /** Requests that were answered with a failure. */
  readonly errors: number
}

/** What one thread returns: plain data. */
export interface LoadResult {
  readonly counts: BenchCounts
  /** The first error of a connection, as an exit code and a sentence; `null`: none. */
  readonly firstFailure: { readonly exitCode: number; readonly message: string } | null
  /** Failures of requests by code. */
  readonly errors: Readonly<Record<string, number>>
  /** From the intended time of each message. */
  readonly latency: HistogramData
  readonly connect: HistogramData
  readonly seconds: readonly SecondCounts[]
  readonly storms: readonly StormCounts[]
  readonly tool: ToolLoad
}

/** The merged result. */
export interface BenchResult {
  readonly counts: BenchCounts
  readonly firstFailure: LoadResult['firstFailure']
  readonly errors: LoadResult['errors']
  readonly latency: Percentiles
  readonly connect: Percentiles
  readonly seconds: readonly SecondCounts[]
  readonly storms: ReadonlyArray<{
    readonly jitter: boolean
    readonly allBack: number | null
    readonly attempts: number
    readonly back: Percentiles
  }>
  readonly tool: ToolLoad
}

/** The values that thresholds may name. */
export const RESULT_NAMES: readonly string[] = [
  'p50',
  'p90',
  'p99',
  'p999',
  'max',
  'mean',
  'connect99',
  'opened',
  'failed',
  'closed',
  'sent',
  'unsent',
  'received',
  'lost',
  'duplicate',
  'reordered',
  'corrupt',
  'errors',
  'allback',
]

/** Returns the value of one of `RESULT_NAMES`. */
export function valueOf({ connect, counts, latency, storms }: BenchResult, name: string): number {
  if (name === 'connect99') return connect.p99
  if (name === 'allback') return Math.max(0, ...storms.map(({ allBack }) => allBack ?? Infinity))
  return ({ ...latency, ...counts } as Readonly<Record<string, number>>)[name] ?? Number.NaN // all are numbers
}

/** Whether no message and no connection was lost, and no request has failed. */
export function isCorrect({ counts, storms }: BenchResult): boolean {
  const { closed, corrupt, duplicate, errors, failed, lost, reordered, unsent } = counts
  const faults = closed + corrupt + duplicate + errors + failed + lost + reordered + unsent
  return faults === 0 && storms.every(({ allBack }) => allBack !== null)
}

/** Merges what the threads have counted. */
export function mergeResults(results: readonly LoadResult[]): BenchResult {
  const length = Math.max(0, ...results.map(({ seconds }) => seconds.length))
  return {
    counts: sumOf(results.map(({ counts }) => counts)),
    firstFailure: results.find((each) => each.firstFailure !== null)?.firstFailure ?? null,
    errors: mergeErrors(results.map(({ errors }) => errors)),
    latency: percentilesOf(results.map(({ latency }) => latency)),
    connect: percentilesOf(results.map(({ connect }) => connect)),
    seconds: Array.from({ length }, (_, second) => {
      const all = results.map(
        ({ seconds }) => seconds[second] ?? { sent: 0, received: 0, latency: 0 },
      )
      return {
        sent: all.reduce((sum, { sent }) => sum + sent, 0),
        received: all.reduce((sum, { received }) => sum + received, 0),
        latency: Math.max(...all.map(({ latency }) => latency)),
      }
    }),
    storms: (results[0]?.storms ?? []).map(({ jitter }, index) =>
      mergeStorms(results, index, jitter),
    ),
    tool: {
      busy: Math.max(0, ...results.map(({ tool }) => tool.busy)),
      delay: Math.max(0, ...results.map(({ tool }) => tool.delay)),
    },
  }
}

function mergeStorms(
  results: readonly LoadResult[],
  index: number,
  jitter: boolean,
): BenchResult['storms'][number] {
  const storms = results.flatMap((result) => result.storms[index] ?? [])
  const times = storms.map(({ allBack }) => allBack)
  return {
    jitter,
    allBack: times.includes(null) ? null : Math.max(...times.map((time) => time ?? 0)),
    attempts: storms.reduce((sum, { attempts }) => sum + attempts, 0),
    back: percentilesOf(storms.map(({ back }) => back)),
  }
}

function mergeErrors(all: ReadonlyArray<LoadResult['errors']>): LoadResult['errors'] {
  const sum = new Map<string, number>()
  for (const [code, count] of all.flatMap((errors) => Object.entries(errors))) {
    sum.set(code, (sum.get(code) ?? 0) + count)
  }
  return Object.fromEntries(sum)
}

function percentilesOf(all: readonly HistogramData[]): Percentiles {
  const merged = new Histogram()
  for (const data of all) merged.add(data)
  return merged.percentiles
}

function sumOf(all: readonly BenchCounts[]): BenchCounts {
  const sum: Record<keyof BenchCounts, number> = {
    opened: 0,
    failed: 0,
    closed: 0,
    sent: 0,
    unsent: 0,
    received: 0,
    lost: 0,
    duplicate: 0,
    reordered: 0,
    corrupt: 0,
    errors: 0,
  }
  for (const counts of all) {
    for (const name of Object.keys(sum) as (keyof BenchCounts)[]) sum[name] += counts[name] // its own names
  }
  return sum
}
