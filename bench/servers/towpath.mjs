/**
 * The contract's server on Towpath, written the way its documentation writes an echo.
 *
 * `TOWPATH_DIST` = the compiled package (the default is ../../dist); `BENCH_TRANSPORT` = `stream`
 * keeps to Node's public stream interface; `BENCH_HTTP2` = WebSockets over HTTP/2;
 * `BENCH_WORKERS` = so many processes; `BENCH_WORK` = so many SHA-256 of each message before it is
 * echoed, for handlers that have something to do.
 */

import cluster from 'node:cluster'
import { createHash } from 'node:crypto'
import process from 'node:process'
import { pathToFileURL } from 'node:url'

import { DEFLATE, MAX_MESSAGE_BYTES, deflate, port, ready, tls } from './contract.mjs'

const dist = process.env.TOWPATH_DIST
const { Frame, WebSockets, embeddedServer, permessageDeflate } = await import(
  dist ? pathToFileURL(`${dist}/index.js`).href : '../../dist/index.js'
)

const listeners = new Set()
const options = { port, host: '127.0.0.1' }
if (tls) options.tls = { key: tls.key, cert: tls.cert }
if (process.env.BENCH_TRANSPORT) options.transport = process.env.BENCH_TRANSPORT

if (process.env.BENCH_HTTP2) options.http2 = { cleartext: !tls }
if (process.env.BENCH_WORKERS) options.workers = Number(process.env.BENCH_WORKERS)
const work = Number(process.env.BENCH_WORK ?? 0)

const server = await embeddedServer(options, declare).start()
if (cluster.isPrimary) ready(server.address.port, () => globalThis.gc())

function declare(app) {
  const extensions = deflate === null ? [] : [permessageDeflate(deflateOptions())]
  // The default would refuse what the handshake scenario asks for; the others have no such limit.
  app.install(WebSockets, {
    maxMessageSize: MAX_MESSAGE_BYTES,
    maxUpgradesPerSecond: 1_000_000,
    extensions,
  })
  app.routing((route) => {
    route.webSocket('/', work > 0 ? echoAfterWork : echo)
    route.webSocket('/fan', async (session) => {
      listeners.add(session)
      try {
        for await (const frame of session.incoming) {
          const prepared = Frame.prepare(frame)
          for (const other of listeners) if (other !== session) other.outgoing.trySend(prepared)
        }
      } finally {
        listeners.delete(session)
      }
    })
  })
}

async function echo({ incoming, send }) {
  for await (const frame of incoming) await send(frame)
}

async function echoAfterWork({ incoming, send }) {
  for await (const frame of incoming) {
    for (let each = 0; each < work; each++) createHash('sha256').update(frame.buffer).digest()
    await send(frame)
  }
}

function deflateOptions() {
  return {
    threshold: DEFLATE.thresholdBytes,
    serverMaxWindowBits: DEFLATE.windowBits,
    clientMaxWindowBits: DEFLATE.windowBits,
    serverNoContextTakeover: deflate === 'fresh',
    clientNoContextTakeover: deflate === 'fresh',
    level: DEFLATE.level,
    memoryLevel: DEFLATE.memoryLevel,
  }
}
