/** The servers of the bench: how each is started, told to collect its garbage, and stopped. */

import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'

import { BUILD, PEERS, ROOT, TLS } from './folders.mjs'

const NODE = [process.execPath, '--expose-gc']
/** Generous: a JVM on a busy machine takes half of it. */
const ANSWER_DEADLINE_MS = 60_000
const STOP_DEADLINE_MS = 3_000
/** Bun and Deno look for news and keep caches unless told otherwise. */
const QUIET = {
  NO_COLOR: '1',
  DENO_NO_UPDATE_CHECK: '1',
  DENO_DIR: `${BUILD}/deno`,
  DO_NOT_TRACK: '1',
}
const KTOR = ['java', '-cp', `${BUILD}/ktor/classes:${BUILD}/ktor/libraries/*`, 'MainKt']
const PLAIN_WS = { WS_NO_BUFFER_UTIL: '1', WS_NO_UTF_8_VALIDATE: '1' }

/**
 * All servers by name. `colour` is the server's in every plot; `deflate` and `tls` say whether it
 * has them, `delay` whether it measures its event loop; `toolchain` is what builds it (`prepare.mjs`), where npm does not bring it.
 */
export const SERVERS = {
  towpath: {
    command: [...NODE, `${ROOT}/bench/servers/towpath.mjs`],
    version: () => manifestVersion(`${ROOT}/package.json`),
    colour: '#c2410c',
    delay: true,
    deflate: true,
    tls: true,
  },
  'towpath-stream': {
    command: [...NODE, `${ROOT}/bench/servers/towpath.mjs`],
    environment: { BENCH_TRANSPORT: 'stream' },
    version: () => manifestVersion(`${ROOT}/package.json`),
    colour: '#fb923c',
    delay: true,
    deflate: true,
    tls: false, // With TLS the transport is the stream one anyway.
  },
  'towpath-2': {
    command: [...NODE, `${ROOT}/bench/servers/towpath.mjs`],
    environment: { BENCH_WORKERS: '2' },
    version: () => `${manifestVersion(`${ROOT}/package.json`)} with two workers`,
    colour: '#7c2d12',
    deflate: true,
    tls: true,
  },
  'towpath-http2': {
    command: [...NODE, `${ROOT}/bench/servers/towpath.mjs`],
    environment: { BENCH_HTTP2: 'yes' },
    version: () => `${manifestVersion(`${ROOT}/package.json`)} with HTTP/2`,
    colour: '#fdba74',
    tls: true,
  },
  messages: {
    command: [...NODE, `${ROOT}/bench/servers/requests.mjs`],
    environment: { BENCH_REQUESTS: 'typed' },
    version: () => `${manifestVersion(`${ROOT}/package.json`)}, towpath/messages`,
    colour: '#c2410c',
  },
  'messages-loop': {
    command: [...NODE, `${ROOT}/bench/servers/requests.mjs`],
    environment: { BENCH_REQUESTS: 'loop' },
    version: () => `${manifestVersion(`${ROOT}/package.json`)}, a loop over incoming`,
    colour: '#a8a29e',
  },
  'socket.io': {
    command: [...NODE, `${ROOT}/bench/servers/requests.mjs`],
    environment: { BENCH_REQUESTS: 'socket.io' },
    version: () => peerVersion('socket.io'),
    colour: '#111827',
  },
  ws: {
    command: [...NODE, `${ROOT}/bench/servers/ws.mjs`],
    environment: PLAIN_WS,
    version: () => peerVersion('ws'),
    colour: '#4b5563',
    delay: true,
    deflate: true,
    tls: true,
  },
  'ws-native': {
    command: [...NODE, `${ROOT}/bench/servers/ws.mjs`],
    version: () => `${peerVersion('ws')} with bufferutil and utf-8-validate`,
    colour: '#9ca3af',
    delay: true,
    deflate: true,
    tls: true,
  },
  uws: {
    command: [...NODE, `${ROOT}/bench/servers/uws.mjs`],
    version: () => `${peerVersion('@trufflesuite/uws-js-unofficial')} (unofficial package)`,
    colour: '#1d4ed8',
    delay: true,
    deflate: true,
    tls: true,
  },
  bun: {
    command: [`${PEERS}/node_modules/@oven/bun-linux-x64/bin/bun`, `${ROOT}/bench/servers/bun.ts`],
    version: () => peerVersion('@oven/bun-linux-x64'),
    colour: '#db2777',
    deflate: true,
    tls: true,
  },
  deno: {
    command: [
      `${PEERS}/node_modules/@deno/linux-x64-glibc/deno`,
      'run',
      '--allow-all',
      '--no-config',
      '--v8-flags=--expose-gc',
      `${ROOT}/bench/servers/deno.ts`,
    ],
    version: () => peerVersion('@deno/linux-x64-glibc'),
    colour: '#15803d',
    deflate: false,
    tls: true,
  },
  'ktor-cio': {
    command: [...KTOR, 'cio'],
    version: () => 'Ktor 3.5.0, CIO engine',
    colour: '#7f52ff',
    toolchain: 'ktor',
    deflate: true,
    tls: false,
  },
  'ktor-netty': {
    command: [...KTOR, 'netty'],
    version: () => 'Ktor 3.5.0, Netty engine',
    colour: '#b39ddb',
    toolchain: 'ktor',
    deflate: true,
    tls: true,
  },
  coder: {
    command: [`${BUILD}/go`, 'coder'],
    version: () => 'github.com/coder/websocket 1.8.14',
    colour: '#0e7490',
    toolchain: 'go',
    deflate: false,
    tls: true,
  },
  gorilla: {
    command: [`${BUILD}/go`, 'gorilla'],
    version: () => 'github.com/gorilla/websocket 1.5.3',
    colour: '#67e8f9',
    toolchain: 'go',
    deflate: false,
    tls: true,
  },
  tungstenite: {
    command: [`${BUILD}/rust/release/towpath-bench`],
    version: () => 'tokio-tungstenite 0.28',
    colour: '#92400e',
    toolchain: 'rust',
    deflate: false,
    tls: false,
  },
  'raw-handle': {
    command: [...NODE, `${ROOT}/bench/servers/raw-handle.mjs`],
    version: () => `Node ${process.versions.node}, its TCP handle alone`,
    colour: '#57534e',
    deflate: false,
    tls: false,
  },
  epoll: {
    command: [`${BUILD}/epoll`],
    version: () => 'C, the limit',
    colour: '#a8a29e',
    deflate: false,
    tls: false,
  },
}

/**
 * Starts a server on the core that belongs to servers, and waits until it listens.
 *
 * @param {string} name one of `SERVERS`
 * @param {{ core: number | string, deflate?: 'kept' | 'fresh', tls?: boolean, delay?: boolean, environment?: object }} options
 */
export async function startServer(name, { core, deflate, tls, delay, environment }) {
  const { command, environment: own, delay: measures } = SERVERS[name]
  const child = spawn('taskset', ['-c', String(core), ...command, '0'], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: {
      ...process.env,
      ...QUIET,
      ...own,
      ...environment,
      ...(deflate ? { BENCH_DEFLATE: deflate } : {}),
      ...(tls ? { BENCH_TLS: TLS } : {}),
      ...(delay ? { BENCH_DELAY: 'yes' } : {}),
    },
  })
  const lines = readLines(child)
  const port = Number((await lines.next(/^READY (\d+)$/, `${name} to listen`))[1])
  return {
    name,
    port,
    pid: child.pid,
    /** Resolves after a full garbage collection. */
    async collect() {
      child.kill('SIGUSR2')
      await lines.next(/^COLLECTED$/, `${name} to collect its garbage`)
    },
    /** The event loop's longest delay since the last call, in ms; NaN where it is not measured. */
    async eventLoopDelay() {
      if (!delay || !measures) return Number.NaN
      child.stdin.write('delay\n')
      return Number((await lines.next(/^DELAY (.+)$/, `${name} to tell its delay`))[1])
    },
    /** Memory in use as the operating system sees it, in bytes. */
    residentBytes: () => residentBytes(child.pid),
    /** Resolves when the process has ended. */
    stop: () => stop(child),
  }
}

/** VmRSS of a process, in bytes. */
export function residentBytes(pid) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)[1]) * 1024
}

/**
 * The lines that a process prints, awaited one by one. A wait for the next one ends with an error
 * after `deadlineMs`, or when the process ends.
 */
export function readLines(child) {
  const unread = []
  let rest = ''
  let wake = () => {}
  let ended = false
  child.stdout.setEncoding('utf8')
  child.stdout.on('data', (text) => {
    const parts = (rest + text).split('\n')
    rest = parts.pop()
    unread.push(...parts)
    wake()
  })
  child.on('exit', () => {
    ended = true
    wake()
  })
  return {
    async next(pattern, what, deadlineMs = ANSWER_DEADLINE_MS) {
      const deadline = Date.now() + deadlineMs
      for (;;) {
        while (unread.length > 0) {
          const match = pattern.exec(unread.shift())
          if (match) return match
        }
        if (ended) throw new Error(`Cannot wait for ${what}: the process ended`)
        if (Date.now() > deadline) throw new Error(`Cannot wait longer for ${what}`)
        await new Promise((resolve) => {
          const timer = setTimeout(resolve, 200)
          wake = () => {
            clearTimeout(timer)
            resolve()
          }
        })
      }
    },
  }
}

export async function stop(child) {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise((resolve) => child.once('exit', resolve))
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_DEADLINE_MS)
  // Programs in JavaScript end with their input; the C program by the signal.
  child.stdin.end()
  child.kill('SIGTERM')
  await ended
  clearTimeout(timer)
}

export function peerVersion(name) {
  const path = `${PEERS}/node_modules/${name}/package.json`
  return existsSync(path) ? manifestVersion(path) : 'not fetched'
}

export function manifestVersion(path) {
  return JSON.parse(readFileSync(path, 'utf8')).version
}
