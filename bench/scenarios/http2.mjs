/** WebSockets over HTTP/2 beside WebSockets over HTTP/1.1, both asked by the same clients. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

import { settledBytes } from '../harness/memory.mjs'
import { readLines } from '../harness/servers.mjs'
import { CPU, RATE } from './metrics.mjs'

const LOAD = fileURLToPath(new URL('../load/streams.mjs', import.meta.url))
/** A tick of the operating system's clock of CPU time is 10 ms: this many messages take hundreds. */
const MESSAGES_PER_SECOND = 40_000
const FEW = 100
const MANY = 1000

const EACH = {
  key: 'each',
  title: 'KiB/socket',
  digits: 2,
  better: 'lower',
  ratio: true,
}

const WITH_TLS = { needs: 'tls', server: { tls: true } }

export const http2 = {
  name: 'http2',
  title: 'HTTP/2',
  explain:
    'Echo and idle memory of sockets that are streams of HTTP/2 connections, up to 100 on each ' +
    'connection, beside sockets of HTTP/1.1. Both have the same clients, which are written for ' +
    'Node: the rates are theirs, the CPU time is the server’s.',
  servers: ['towpath', 'towpath-http2'],
  fresh: true,
  metrics: [CPU, RATE, EACH],
  cases: () => [
    { name: 'echo-64x1', title: 'echo, 64 sockets, 1 in flight, 32 bytes', measure: echo() },
    { name: 'idle-1000', title: '1 000 idle sockets', measure: idle() },
    {
      name: 'echo-64x1-tls',
      title: 'with TLS: echo, 64 sockets, 1 in flight, 32 bytes',
      ...WITH_TLS,
      measure: echo('tls'),
    },
    {
      name: 'idle-1000-tls',
      title: 'with TLS: 1 000 idle sockets',
      ...WITH_TLS,
      measure: idle('tls'),
    },
  ],
}

function echo(security = 'plain') {
  return async (server, { core, seconds }) => {
    const messages = Math.round(seconds * MESSAGES_PER_SECOND)
    const { lines } = start(server, core, [security, 'echo', 64, messages, messages])
    const { cpuNsPerMessage, seconds: taken } = await next(server, lines)
    return { cpu: cpuNsPerMessage / 1000, rate: messages / taken, each: Number.NaN }
  }
}

function idle(security = 'plain') {
  return async (server, { core }) => {
    const { child, lines } = start(server, core, [security, 'idle'])
    try {
      const few = await memoryOf(server, child, lines, FEW)
      const many = await memoryOf(server, child, lines, MANY)
      return { cpu: Number.NaN, rate: Number.NaN, each: (many - few) / (MANY - FEW) / 1024 }
    } finally {
      child.stdin.end()
      if (child.exitCode === null) await once(child, 'exit')
    }
  }
}

async function memoryOf(server, child, lines, total) {
  child.stdin.write(`open ${total}\n`)
  await next(server, lines)
  return settledBytes(server)
}

function start({ name, port, pid }, core, more) {
  const version = name === 'towpath-http2' ? '2' : '1.1'
  const words = [String(port), String(pid), version, ...more.map(String)]
  const child = spawn('taskset', ['-c', String(core), process.execPath, LOAD, ...words], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  return { child, lines: readLines(child) }
}

async function next(server, lines) {
  const [line] = await lines.next(/^\{.*\}$/, `the clients of ${server.name}`)
  const answer = JSON.parse(line)
  if (answer.error) throw new Error(`${server.name}: ${answer.error}`)
  return answer
}
