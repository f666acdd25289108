/** Runs the load generator, and turns what it prints into an answer or an error. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'

import { BUILD } from './folders.mjs'
import { readLines } from './servers.mjs'

/**
 * Runs one mode to its end. Options are those of `build/bench/load` in camel case.
 *
 * @throws {Error} when a reply was wrong, late or missing: such a run has no figures.
 */
export async function runLoad(mode, server, core, options) {
  const child = start(mode, server, core, options)
  let text = ''
  child.stdout.setEncoding('utf8')
  child.stdout.on('data', (piece) => (text += piece))
  await once(child, 'close')
  const result = parse(text)
  if (result === null || result.errors > 0 || child.exitCode !== 0) {
    throw new Error(`${server.name}: ${result?.error ?? `the load generator failed (${mode})`}`)
  }
  return result
}

/** Starts idle mode; `open(total)` and `close()` resolve when it is so. */
export function startIdle(server, core, options) {
  const child = start('idle', server, core, options)
  const lines = readLines(child)
  return {
    async open(total) {
      child.stdin.write(`open ${total}\n`)
      const [line] = await lines.next(/^\{.*\}$/, `${total} connections to ${server.name}`)
      if (parse(line).errors > 0) throw new Error(`${server.name}: ${parse(line).error}`)
    },
    async close() {
      child.stdin.write('close\n')
      if (child.exitCode === null) await once(child, 'exit')
    },
  }
}

function start(mode, server, core, options) {
  const flags = Object.entries(options).flatMap(([name, value]) => [
    `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`,
    value === true ? 'yes' : String(value),
  ])
  const own = ['--port', String(server.port), '--pid', String(server.pid)]
  return spawn('taskset', ['-c', String(core), `${BUILD}/load`, mode, ...own, ...flags], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
}

function parse(text) {
  const line = text.trim().split('\n').at(-1)
  try {
    return JSON.parse(line)
  } catch {
    return null // Ended by a signal, in the middle of a line or before one.
  }
}
