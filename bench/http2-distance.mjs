/**
 * How fast 8 MiB travel in one session at a round-trip time of 50 ms, over HTTP/1.1 and HTTP/2 with
 * TLS, in both directions:
 *
 *     npm run build && node bench/http2-distance.mjs [window in KiB]
 *
 * A proxy in this process delays all bytes. Server, client and proxy share a processor, so only the
 * windows are measured, and not the speed of the machine. The proxy ends TCP, whose own windows do
 * not count: HTTP/1.1 is faster here than over a real path.
 */

import { readFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import process from 'node:process'

import { openWebSocket } from '../dist/node-client.js'
import { embeddedServer, WebSockets } from '../dist/index.js'
import { TLS } from './harness/folders.mjs'
import { makeCertificate } from './harness/prepare.mjs'

const ONE_WAY_MS = 25
const MIB = 1024 * 1024
const BYTES = 8 * MIB
const MESSAGE = new Uint8Array(64 * 1024)
const ROUNDS = 3

/** Passes bytes on after `ONE_WAY_MS`, in order. */
function delay(from, to) {
  from.on('data', (bytes) => setTimeout(() => to.writable && to.write(bytes), ONE_WAY_MS))
  from.on('end', () => setTimeout(() => to.end(), ONE_WAY_MS))
  from.on('error', () => to.destroy())
}

function delayingProxy(port) {
  const proxy = createServer((near) => {
    const far = connect(port, '127.0.0.1')
    for (const socket of [near, far]) socket.setNoDelay(true)
    delay(near, far)
    delay(far, near)
  })
  return new Promise((resolve) => proxy.listen(0, '127.0.0.1', () => resolve(proxy)))
}

async function sendAll(session) {
  for (let sent = 0; sent < BYTES; sent += MESSAGE.length) await session.send(MESSAGE)
}

async function receiveAll(incoming) {
  for (let received = 0; received < BYTES;) received += (await incoming.receive()).buffer.length
}

/** @returns MiB per second, up and down. */
async function measure(port, http2) {
  const url = `wss://127.0.0.1:${port}/`
  const session = await openWebSocket(url, { http2, tls: { rejectUnauthorized: false } })
  const speeds = []
  for (const direction of ['up', 'down']) {
    const began = performance.now()
    await session.send(direction)
    if (direction === 'up') {
      await sendAll(session)
      await session.incoming.receive()
    } else {
      await receiveAll(session.incoming)
    }
    speeds.push((BYTES / MIB / (performance.now() - began)) * 1000)
  }
  await session.close()
  return speeds
}

makeCertificate()
const streamWindow = process.argv[2] === undefined ? {} : { streamWindow: process.argv[2] * 1024 }
const server = embeddedServer(
  {
    port: 0,
    host: '127.0.0.1',
    tls: {
      key: readFileSync(`${TLS}/key.pem`),
      cert: readFileSync(`${TLS}/cert.pem`),
    },
    http2: streamWindow,
  },
  (app) => {
    app.install(WebSockets)
    app.routing((route) => {
      route.webSocket('/', async (session) => {
        for await (const frame of session.incoming) {
          if (frame.readText() === 'down') await sendAll(session)
          else await receiveAll(session.incoming).then(() => session.send('done'))
        }
      })
    })
  },
)
await server.start()
const proxy = await delayingProxy(server.address.port)
for (const http2 of [false, true]) {
  const rounds = []
  for (let round = 0; round < ROUNDS; round++)
    rounds.push(await measure(proxy.address().port, http2))
  const median = (which) => rounds.map((each) => each[which]).sort((a, b) => a - b)[ROUNDS >> 1]
  console.log(
    `${http2 ? 'HTTP/2  ' : 'HTTP/1.1'}  ${median(0).toFixed(1)} MiB/s up, ${median(1).toFixed(1)} MiB/s down`,
  )
}
proxy.close()
await server.stop({ grace: 0 })
process.exit()
