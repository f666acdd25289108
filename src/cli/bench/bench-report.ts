/**
 * The result of a benchmark as text.
 */

import { printable } from '../printable.ts'
import type { BenchLoad } from './bench-load.ts'
import { type BenchResult, isCorrect } from './bench-result.ts'
import type { Percentiles } from './histogram.ts'
import { bottleneckOf } from './load-meter.ts'

/** Returns the lines to print. */
export function benchLines(load: BenchLoad, result: BenchResult): string[] {
  const { connect, counts, errors, latency, storms, tool } = result
  const { closed, corrupt, duplicate, failed, lost, opened, received, reordered, sent, unsent } =
    counts
  const bottleneck = bottleneckOf(tool)
  const seconds = Math.max(load.duration / 1000, 0.001)
  return [
    row('connections', `${opened} opened, ${failed} failed, ${closed} ended early`),
    row('connect', timesText(connect)),
    ...(sent + unsent === 0
      ? []
      : [
          row('messages', `${sent} sent (${(sent / seconds).toFixed(0)}/s), ${received} received`),
          row(
            'faults',
            `${lost} lost, ${duplicate} duplicate, ${reordered} reordered, ${corrupt} corrupt, ${unsent} unsent`,
          ),
          ...(counts.errors === 0 ? [] : [row('errors', errorsText(errors))]),
          row('latency', timesText(latency)),
        ]),
    ...storms.map(({ allBack, attempts, back, jitter }) => {
      const all = allBack === null ? `${back.count} came back` : `all back after ${ms(allBack)}`
      return row(
        jitter ? 'with jitter' : 'no jitter',
        `${all}, ${attempts} attempts, p50 ${ms(back.p50)}`,
      )
    }),
    row(
      'tool',
      `busy ${(tool.busy * 100).toFixed(0)} %, event loop late by ${ms(tool.delay)} (p99)`,
    ),
    ...(bottleneck === null ? [] : [row('warning', bottleneck)]),
    row('result', isCorrect(result) ? 'correct' : 'NOT CORRECT'),
  ]
}

function row(name: string, text: string): string {
  return `${name.padEnd(13)}${text}`
}

/** Returns a time with its unit. */
export function ms(time: number): string {
  return time >= 1000 ? `${(time / 1000).toFixed(2)} s` : `${time.toFixed(1)} ms`
}

/** The codes come from the contract of the user. */
function errorsText(errors: BenchResult['errors']): string {
  const counts = Object.entries(errors).sort(([, a], [, b]) => b - a)
  return counts.map(([code, count]) => `${count} ${printable(code)}`).join(', ')
}

function timesText({ count, max, p50, p90, p99, p999 }: Percentiles): string {
  if (count === 0) return 'none'
  return `p50 ${ms(p50)}, p90 ${ms(p90)}, p99 ${ms(p99)}, p99.9 ${ms(p999)}, max ${ms(max)}`
}
