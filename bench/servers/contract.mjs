/**
 * What every server program of the bench keeps, whatever runtime it is for.
 *
 * `<program> <port>` listens on 127.0.0.1 (port 0 = any free one) and prints `READY <port>`. `/` sends
 * each message back; `/fan` sends each message to all others on `/fan`. On SIGUSR2 the program collects its
 * garbage and prints `COLLECTED`. When its standard input ends, so does the program. Environment:
 * `BENCH_DEFLATE` = `kept` or `fresh` turns permessage-deflate on, with or without context
 * takeover; `BENCH_TLS` = a folder with key.pem and cert.pem turns TLS on; `BENCH_DELAY` has the
 * event loop's delay measured.
 */

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import process from 'node:process'

/** What makes servers comparable: the same bounds, and the same work for zlib. */
export const MAX_MESSAGE_BYTES = 16 * 1024 * 1024
export const MAX_BUFFERED_BYTES = 1024 * 1024
export const DEFLATE = { windowBits: 12, memoryLevel: 5, level: 6, thresholdBytes: 256 }

/** The port asked for on the command line. */
export const port = Number(process.argv[2] ?? 0)

/** `'kept'`, `'fresh'`, or `null` = no compression. */
export const deflate = process.env.BENCH_DEFLATE || null

/** `{ key, cert, keyFile, certFile }`, or `null` = no TLS. */
export const tls = readTls(process.env.BENCH_TLS)

/** Loads a peer that the bench fetched into build/bench/peers. */
export const requirePeer = createRequire(
  new URL('../../build/bench/peers/package.json', import.meta.url),
)

/** Says that connections are welcome, and begins to obey. `collect` runs a full collection. */
export function ready(actualPort, collect) {
  process.on('SIGUSR2', () => {
    collect()
    process.stdout.write('COLLECTED\n')
  })
  process.stdin.on('end', () => process.exit(0))
  if (process.env.BENCH_DELAY) reportDelay()
  process.stdin.resume()
  process.stdout.write(`READY ${actualPort}\n`)
}

/** Answers each line of the input with the event loop's longest delay since the last, in ms. */
function reportDelay() {
  const histogram = monitorEventLoopDelay({ resolution: 1 })
  histogram.enable()
  process.stdin.on('data', () => {
    process.stdout.write(`DELAY ${histogram.max / 1e6}\n`)
    histogram.reset()
  })
}

function readTls(folder) {
  if (!folder) return null
  const keyFile = `${folder}/key.pem`
  const certFile = `${folder}/cert.pem`
  return {
    keyFile,
    certFile,
    key: readFileSync(keyFile, 'utf8'),
    cert: readFileSync(certFile, 'utf8'),
  }
}
