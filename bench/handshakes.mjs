/**
 * What a handshake costs in JavaScript: open, upgrade, Close each way, end. `embeddedServer` gets
 * connections whose handles are objects of this file, so no system call is made and no other
 * process takes part. The figures are stable on a busy machine, unlike those of the handshake
 * scenario, which decide in the end.
 *
 * `node --expose-gc --max-semi-space-size=2 bench/handshakes.mjs [dist …]` compares builds in turn;
 * the default is dist/. With `--bytes`, heap bytes for each handshake are counted instead: then use
 * `--max-semi-space-size=256`, so that nothing is collected while they are counted.
 */

import { Server } from 'node:http'
import process from 'node:process'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'

import { ROOT } from './harness/folders.mjs'
import { median } from './harness/statistics.mjs'

const BATCH = 32
const ROUNDS = 200
const PER_ROUND = 640
const WARM_UP = 12_800
const END_OF_FILE = -4095
const CLOSE = Buffer.from([0x88, 0x82, 0, 0, 0, 0, 3, 232])

/** Half-closes that have not been reported. */
const shutdowns = []
const { streamBaseState, kReadBytesOrError, kLastWriteWasAsync } = process.binding('stream_wrap')

/** What a server uses of a TCP handle of Node. Every write is taken at once. */
class ScriptedHandle {
  onread = null
  onconnection = null
  memory = null
  writeQueueSize = 0
  bytesWritten = 0

  arrive(bytes) {
    this.memory.set(bytes)
    this.report(bytes.length)
  }

  report(count) {
    streamBaseState[kReadBytesOrError] = count
    callBack(() => this.onread())
  }

  useUserBuffer(memory) {
    this.memory = memory
  }

  getpeername(name) {
    name.address = '127.0.0.1'
    name.family = 'IPv4'
    name.port = 40_000
    return 0
  }

  getsockname(name) {
    return this.getpeername(name)
  }

  writeBuffer() {
    streamBaseState[kLastWriteWasAsync] = 0
    return 0
  }

  writeLatin1String() {
    return this.writeBuffer()
  }

  shutdown(request) {
    shutdowns.push(request)
    return 0
  }

  close(closed) {
    if (closed !== undefined) setImmediate(() => closed.call(this))
  }

  setNoDelay() {
    return 0
  }

  setKeepAlive() {
    return 0
  }

  readStart() {
    return 0
  }

  readStop() {
    return 0
  }

  reset() {
    return -1
  }
}

const requests = Array.from({ length: BATCH }, (_, each) => requestWith(each))

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { bytes: { type: 'boolean', default: false } },
})
const folders = positionals.length > 0 ? positionals : [`${ROOT}/dist`]
const builds = []
for (const folder of folders) builds.push(await open(folder))
for (const build of builds) await handshakes(build, WARM_UP)
if (values.bytes) await countBytes()
else await compare()
process.exit(0)

async function countBytes() {
  for (const build of builds) {
    globalThis.gc()
    const before = process.memoryUsage().heapUsed
    await handshakes(build, PER_ROUND)
    const bytes = (process.memoryUsage().heapUsed - before) / PER_ROUND
    process.stdout.write(`${build.folder}: ${bytes.toFixed(0)} bytes\n`)
  }
}

async function compare() {
  const samples = builds.map(() => [])
  for (let round = 0; round < ROUNDS; round++) {
    for (const [at, build] of builds.entries()) {
      samples[at].push(await handshakes(build, PER_ROUND))
    }
  }
  for (const [at, build] of builds.entries()) {
    const ratio = median(samples[at].map((us, round) => us / samples[0][round]))
    const us = median(samples[at])
    process.stdout.write(`${build.folder}: ${us.toFixed(2)} µs, ${ratio.toFixed(3)} × the first\n`)
  }
}

/** Starts the server of a build, and finds the handle on which it listens. */
async function open(folder) {
  const servers = []
  // oxlint-disable-next-line typescript/unbound-method -- it is called with a server, below
  const { listen } = Server.prototype
  Server.prototype.listen = function (...given) {
    servers.push(this)
    return listen.apply(this, given)
  }
  const { WebSockets, embeddedServer } = await import(pathToFileURL(`${folder}/index.js`).href)
  const server = await embeddedServer({ port: 0, host: '127.0.0.1', signals: false }, (app) => {
    app.install(WebSockets, { maxUpgradesPerSecond: 1_000_000 })
    app.routing((route) => {
      route.webSocket('/', async ({ incoming, send }) => {
        for await (const frame of incoming) await send(frame)
      })
    })
  }).start()
  Server.prototype.listen = listen
  const { port } = server.address
  const listening = servers.find((each) => each.address()?.port === port)
  return { folder, server: listening, listener: listening._handle }
}

/** @returns the time for each handshake in our code, in microseconds. */
async function handshakes({ server, listener }, count) {
  let spentMs = 0
  const step = async (work) => {
    const from = performance.now()
    work()
    spentMs += performance.now() - from
    await new Promise((resolve) => setImmediate(resolve))
  }
  for (let done = 0; done < count; done += BATCH) {
    const handles = requests.map(() => new ScriptedHandle())
    await step(() => {
      for (const handle of handles) callBack(() => listener.onconnection(0, handle))
    })
    await step(() => {
      for (const [at, handle] of handles.entries()) handle.arrive(requests[at])
    })
    await step(() => {
      for (const handle of handles) handle.arrive(CLOSE)
    })
    await step(() => {
      for (const request of shutdowns.splice(0)) callBack(() => request.oncomplete(0))
    })
    await step(() => {
      for (const handle of handles) handle.report(END_OF_FILE)
    })
    await step(() => {})
  }
  if (server._connections > 0) throw new Error('Cannot measure: handshakes did not end')
  return (spentMs / count) * 1000
}

/** As Node does after each call out of C++: deferred tasks and microtasks run. */
function callBack(call) {
  call()
  process._tickCallback()
}

function requestWith(each) {
  const key = Buffer.alloc(16, each + 1).toString('base64')
  return Buffer.from(
    'GET / HTTP/1.1\r\nHost: 127.0.0.1:4711\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
      `Sec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: 13\r\n\r\n`,
  )
}
