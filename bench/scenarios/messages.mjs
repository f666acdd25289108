/** A validated request and its answer, beside a loop by hand and beside Socket.IO. */

import { execFile } from 'node:child_process'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

import { CPU, RATE } from './metrics.mjs'

const LOAD = fileURLToPath(new URL('../load/requests.mjs', import.meta.url))
/** A tick of the operating system's clock of CPU time is 10 ms: this many requests take hundreds. */
const REQUESTS_PER_SECOND = 60_000

export const messages = {
  name: 'messages',
  title: 'Validated requests',
  explain:
    'A request of two fields and an answer of two lines, both validated by Zod on the server. ' +
    'The title is connections × requests in flight. The loop is written by hand over ' +
    '`session.incoming`; Socket.IO answers by an acknowledgement.',
  servers: ['messages', 'messages-loop', 'socket.io'],
  metrics: [
    { ...CPU, title: 'µs CPU/request' },
    { ...RATE, title: 'requests/s' },
  ],
  cases: () =>
    ['64x1', '1x64'].map((shape) => {
      const [connections, inFlight] = shape.split('x')
      return {
        name: shape,
        title: shape.replace('x', ' × '),
        measure: (server, run) => measure(server, run, connections, inFlight),
      }
    }),
}

async function measure(server, { core, seconds }, connections, inFlight) {
  const requests = Math.round(seconds * REQUESTS_PER_SECOND)
  const dialect = server.name === 'socket.io' ? 'socket.io' : 'typed'
  const numbers = [connections, inFlight, requests / 2, requests].map(String)
  const { stdout } = await promisify(execFile)('taskset', [
    '-c',
    String(core),
    process.execPath,
    LOAD,
    String(server.port),
    String(server.pid),
    dialect,
    ...numbers,
  ]).catch((failed) => failed)
  const { error, cpuNsPerRequest, seconds: taken } = JSON.parse(stdout)
  if (error) throw new Error(`${server.name}: ${error}`)
  return { cpu: cpuNsPerRequest / 1000, rate: requests / taken }
}
