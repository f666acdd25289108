/**
 * A server with workers, for tests: options as JSON in the first argument; `start`,
 * `stop <options>` or `end`, which closes it, on the standard input of the primary; what happens as
 * lines of JSON on the output of all processes.
 */

import cluster from 'node:cluster'
import { createInterface } from 'node:readline'
import { type Application, embeddedServer, WebSockets } from '../../../src/index.ts'
import { certificate } from '../certificate.ts'

interface Options {
  readonly port?: number
  readonly workers?: number
  readonly signals?: boolean
  readonly tls?: boolean
  /** A worker whose ordinal number is here or above ends with code 7 before it listens. */
  readonly failFrom?: number
  readonly second?: boolean
  /** Something that keeps a worker's process alive when its server has stopped. */
  readonly lingers?: boolean
}

// Written by the test, as text of this shape.
const options = JSON.parse(process.argv[2] ?? '{}') as Options
const { port = 0, workers = 2, signals = true, tls = false } = options

function say(event: string, facts: object = {}): void {
  process.stdout.write(`${JSON.stringify({ event, pid: process.pid, ...facts })}\n`)
}

function module(app: Application): void {
  say('module')
  app.install(WebSockets)
  app.routing((route) => {
    route.webSocket('/', async ({ incoming, send }) => {
      await send(`${process.pid}`)
      for await (const frame of incoming) await send(frame)
    })
    route.webSocket('/deaf', async ({ send }) => {
      await send(`${process.pid}`)
      await new Promise(() => {})
    })
    route.webSocket('/crash', () => process.exit(5))
    route.webSocket('/leave', () => void server.stop())
  })
}

const server = embeddedServer(
  {
    port,
    workers,
    signals,
    host: '127.0.0.1',
    ...(tls ? { tls: certificate } : {}),
    logger: {
      debug() {},
      info() {},
      warn: (facts, message) => say('warned', { message, facts }),
      error: (facts, message) => say('logged', { message, facts }),
    },
  },
  module,
)

async function start(): Promise<void> {
  try {
    await server.start()
    say(cluster.isPrimary ? 'started' : 'serving', server.address)
  } catch (error) {
    // What start() rejects with is always an Error.
    const { name, message } = error as Error
    say('failed', { name, message })
  }
}

process.send?.({ event: 'a message of the program itself' })
if (cluster.worker && cluster.worker.id >= (options.failFrom ?? Infinity)) process.exit(7)
if (options.lingers && cluster.isWorker) setInterval(() => {}, 1000)
await start()
if (options.second) {
  await embeddedServer({ port: 0, workers }, module)
    .start()
    .catch((error: unknown) => say('second failed', { message: String(error) }))
}

if (cluster.isPrimary) {
  createInterface({ input: process.stdin }).on('line', (line) => {
    if (line === 'start') void start()
    if (line === 'end') process.stdin.destroy()
    if (!line.startsWith('stop')) return
    // Written by the test, as the options of stop.
    const times = JSON.parse(line.slice(4) || '{}') as object
    void server.stop(times).then((counts) => {
      say('stopped', counts)
      process.stdin.destroy()
    })
  })
}
