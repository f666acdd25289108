/**
 * A rolling restart of two servers behind HAProxy: `node bench/rolling-restart.mjs`.
 *
 * 2000 clients (`--clients`) are connected by `connect`. Each server gets SIGTERM once, and a new
 * process takes its port. The script fails if a session ends with another code than 1001, if an
 * attempt to come back fails, if a client waits longer than `reconnectWithin`, or if a process does
 * not exit with 0. The times that it prints are not judged. Run `npm run build` first; `haproxy`
 * must be installed.
 */

import { fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: {
    clients: { type: 'string', default: '2000' },
    within: { type: 'string', default: '3' },
    // For the processes of the servers.
    serve: { type: 'string' },
  },
})
const RECONNECT_WITHIN_MS = Number(values.within) * 1000
/** Many periods of the health check: HAProxy has seen the 503 before the first client leaves. */
const LEAD_MS = 2000
/** The period of the health check. */
const CHECK_MS = 50
/** Clients that connect at the same time at the beginning. */
const AT_ONCE = 50

/** One server. SIGTERM ends it as in production. */
async function serve(port) {
  const { WebSockets, embeddedServer } = await import('../dist/index.js')
  const ms = (milliseconds) => ({ milliseconds })
  const options = {
    port,
    host: '127.0.0.1',
    health: { ready: '/ready' },
    signals: {
      lead: ms(LEAD_MS),
      grace: ms(1000),
      timeout: ms(10_000),
      reconnectWithin: ms(RECONNECT_WITHIN_MS),
    },
  }
  await embeddedServer(options, (app) => {
    app.install(WebSockets)
    app.routing((route) => {
      route.webSocket('/', async ({ incoming, send }) => {
        for await (const frame of incoming) await send(frame)
      })
    })
  }).start()
  process.send('ready')
  process.disconnect()
}

async function main() {
  const folder = mkdtempSync(join(os.tmpdir(), 'towpath-rolling-'))
  const [front, ...ports] = await freePorts(3)
  const servers = await Promise.all(ports.map(startServer))
  const proxy = await startProxy(folder, front, ports)
  try {
    const clients = await connectAll(`ws://127.0.0.1:${front}/`, Number(values.clients))
    for (const index of servers.keys()) {
      servers[index] = await restart(servers[index], ports[index], clients)
      // The other server leaves only when HAProxy sends clients to the new one.
      await proxy.isUp(index)
    }
    report(clients)
    await clients.close()
  } finally {
    for (const server of servers) server.kill('SIGKILL')
    proxy.end()
    rmSync(folder, { recursive: true })
  }
}

/** Stops a server, and starts another on its port. Resolves when all clients are open again. */
async function restart(server, port, clients) {
  const before = clients.ended
  const startedAt = performance.now()
  server.kill('SIGTERM')
  const [code] = await once(server, 'exit')
  const next = await startServer(port)
  await clients.allOpen()
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
  const moved = clients.ended - before
  console.log(
    `port ${port}: ${moved} clients moved, all back after ${seconds} s, exit code ${code}`,
  )
  if (code !== 0) clients.faults.push(`a process exited with ${code}`)
  return next
}

async function startServer(port) {
  const args = ['--serve', String(port), '--within', values.within]
  const server = fork(fileURLToPath(import.meta.url), args)
  await once(server, 'message')
  return server
}

async function startProxy(folder, front, ports) {
  const file = join(folder, 'haproxy.cfg')
  const socket = join(folder, 'socket')
  const lines = ports.map(
    (port, index) => `  server s${index} 127.0.0.1:${port} check inter ${CHECK_MS} fall 1 rise 1`,
  )
  writeFileSync(
    file,
    `global
  stats socket ${socket}
defaults
  mode http
  timeout connect 5s
  timeout check 5s
  timeout client 60s
  timeout server 60s
  timeout tunnel 60s
frontend web
  bind 127.0.0.1:${front}
  default_backend towpath
backend towpath
  balance leastconn
  option httpchk GET /ready
${lines.join('\n')}
`,
  )
  const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` }
  const child = spawn('haproxy', ['-db', '-f', file], { env, stdio: ['ignore', 'ignore', 'pipe'] })
  let log = ''
  child.stderr.setEncoding('utf8').on('data', (text) => (log += text))
  const isUp = async (index) => {
    const row = new RegExp(`^towpath,s${index},.*,UP,`, 'm')
    while (!row.test(await ask(socket, 'show stat'))) {
      if (child.exitCode !== null) throw new Error(`haproxy ended: ${log}`)
      await tick()
    }
  }
  for (const index of ports.keys()) await isUp(index)
  return { isUp, end: () => child.kill('SIGKILL') }
}

/** Sends one command to the socket of HAProxy. */
async function ask(path, command) {
  const socket = net.connect(path)
  try {
    await once(socket, 'connect')
  } catch {
    return ''
  }
  socket.end(`${command}\n`)
  let answer = ''
  for await (const chunk of socket) answer += chunk
  return answer
}

function tick() {
  return new Promise((resolve) => setTimeout(resolve, CHECK_MS))
}

async function connectAll(url, count) {
  const { connect } = await import('../dist/node-client.js')
  const clients = new Clients(count)
  const connections = []
  for (let begun = 0; begun < count; begun += AT_ONCE) {
    for (let n = 0; n < Math.min(AT_ONCE, count - begun); n++) {
      const connection = connect(url)
      connections.push(connection)
      void clients.follow(connection)
    }
    await clients.open(connections.length)
  }
  clients.close = () => Promise.all(connections.map((connection) => connection.close()))
  console.log(`${count} clients are connected`)
  return clients
}

/** Counts what happens to all clients. */
class Clients {
  ended = 0
  codes = new Map()
  faults = []
  longestWait = 0
  longestAway = 0
  #count
  #open = 0
  #waiting = null

  constructor(count) {
    this.#count = count
  }

  /** Resolves when so many clients are open. */
  open(count) {
    if (this.#open >= count) return Promise.resolve()
    return new Promise((resolve) => (this.#waiting = { count, resolve }))
  }

  allOpen() {
    return this.open(this.#count)
  }

  async follow(connection) {
    let lostAt = null
    let isOpen = false
    for await (const state of connection.states()) {
      if (isOpen) this.#open--
      isOpen = state.type === 'open'
      if (isOpen) {
        if (lostAt !== null) {
          this.longestAway = Math.max(this.longestAway, performance.now() - lostAt)
        }
        this.#open++
        if (this.#waiting !== null && this.#open >= this.#waiting.count) this.#waiting.resolve()
      } else if (state.type === 'waiting') {
        lostAt ??= performance.now()
        this.#lost(state)
        if (state.setback.info !== null) lostAt = performance.now()
      }
    }
  }

  #lost({ delay, setback: { info, error } }) {
    if (info === null) {
      this.faults.push(`an attempt failed: ${error}`)
      return
    }
    this.ended++
    const { code } = info.reason
    this.codes.set(code, (this.codes.get(code) ?? 0) + 1)
    if (code !== 1001) this.faults.push(`a session ended with ${code}`)
    this.longestWait = Math.max(this.longestWait, delay)
    if (delay > RECONNECT_WITHIN_MS) this.faults.push(`a client waits ${delay} ms`)
  }
}

function report({ ended, codes, faults, longestWait, longestAway }) {
  console.log(`${ended} sessions ended: ${[...codes].map(([c, n]) => `${n} with ${c}`).join(', ')}`)
  console.log(
    `longest wait ${(longestWait / 1000).toFixed(2)} s, longest time without a session ${(longestAway / 1000).toFixed(2)} s, reconnectWithin ${RECONNECT_WITHIN_MS / 1000} s`,
  )
  for (const fault of new Set(faults)) console.log(`FAULT: ${fault}`)
  console.log(faults.length === 0 ? 'no 1006, no refused upgrade' : `${faults.length} faults`)
  if (faults.length > 0) process.exitCode = 1
}

/** Ports that were free a moment ago: HAProxy and the processes need them by number. */
async function freePorts(count) {
  const servers = Array.from({ length: count }, () => net.createServer().listen(0, '127.0.0.1'))
  await Promise.all(servers.map((server) => once(server, 'listening')))
  const ports = servers.map((server) => server.address().port)
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}

if (values.serve === undefined) await main()
else await serve(Number(values.serve))
