/**
 * The micro-benchmarks, on what `npm run build` has put into dist/: `node bench/micro/run.mjs [names]`.
 *
 * They show what a change does to one part; whether it matters, `bench/compare.mjs` tells. With `--quick` each runs
 * for a moment only, to see that it runs: those figures mean nothing.
 */

import process from 'node:process'
import { parseArgs } from 'node:util'

import { measure } from 'mitata'

import { asText, formatNumber } from '../harness/table.mjs'
import * as channel from './channel.mjs'
import * as decoder from './decoder.mjs'
import * as encoder from './encoder.mjs'
import * as masking from './masking.mjs'
import * as messages from './messages.mjs'
import * as roles from './roles.mjs'
import * as utf8 from './utf8.mjs'

const SUITES = { decoder, encoder, masking, utf8, channel, roles, messages }
const NS_PER_MS = 1e6

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: 'boolean', default: false } },
})

for (const name of positionals.length > 0 ? positionals : Object.keys(SUITES)) {
  if (!(name in SUITES))
    throw new Error(`Cannot find "${name}", expected ${Object.keys(SUITES).join(', ')}`)
  await runSuite(SUITES[name])
}

async function runSuite({ title, cases }) {
  const rows = []
  for (const { name, bytes, run } of cases)
    rows.push(row(name, bytes, await measure(run, tuning())))
  const head = [title, 'ns', 'p99 ns', 'GB/s', 'heap bytes']
  process.stdout.write(`\n${asText({ head, rows })}\n`)
}

function row(name, bytes, stats) {
  return [
    name,
    formatNumber(stats.p50, 1),
    formatNumber(stats.p99, 1),
    bytes === undefined ? '' : formatNumber(bytes / stats.p50, 2),
    stats.heap === undefined ? '' : formatNumber(stats.heap.avg, 0),
  ]
}

/** Called for each measurement: mitata writes into what it is given. */
function tuning() {
  const heap = () => process.memoryUsage().heapUsed
  if (values.quick) return { min_cpu_time: NS_PER_MS, min_samples: 2, warmup_samples: 1 }
  return { heap, inner_gc: false }
}
