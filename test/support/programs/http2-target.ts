/**
 * A server over HTTP/2 and a client, for tests that attack them from outside. Says `listening`.
 * Lines on standard input: `open <url>` opens a session that echoes, with the client of this
 * process; `memory` has the bytes counted that are in use.
 */

import { createInterface } from 'node:readline'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

import { embeddedServer, WebSockets } from '../../../src/index.ts'
import { createWebSocketClient } from '../../../src/node-client.ts'
import { certificate } from '../certificate.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void // as the flag above provides it

function say(event: string, facts: object = {}): void {
  process.stdout.write(`${JSON.stringify({ event, pid: process.pid, ...facts })}\n`)
}

const SILENT = { debug() {}, info() {}, warn() {}, error() {} }

const server = await embeddedServer(
  {
    port: 0,
    host: '127.0.0.1',
    signals: false,
    tls: certificate,
    http2: true,
    logger: SILENT,
  },
  (app) => {
    app.install(WebSockets)
    app.routing((route) => {
      route.webSocket('/echo', async ({ incoming, send }) => {
        for await (const frame of incoming) await send(frame)
      })
      route.webSocket('/pour', async ({ send }) => {
        for (;;) await send(new Uint8Array(16_384))
      })
    })
  },
).start()

async function open(url: string): Promise<void> {
  // A client for each session: a connection that was attacked would be shared.
  const client = createWebSocketClient({ http2: true, tls: { ca: certificate.cert } })
  try {
    const session = await client.openWebSocket(url)
    say('opened')
    if (url.endsWith('/pour')) for (;;) await session.send(new Uint8Array(16_384))
    for await (const frame of session.incoming) await session.send(frame)
    say('ended', { code: (await session.closeReason).code })
  } catch (error) {
    say('failed', { message: String(error) })
  }
}

createInterface({ input: process.stdin }).on('line', (line) => {
  const [order, url = ''] = line.split(' ')
  if (order === 'open') void open(url)
  if (order !== 'memory') return
  collect()
  const { heapUsed, external, rss } = process.memoryUsage()
  say('memory', { used: heapUsed + external, rss })
})
say('listening', { port: server.address.port })
