/**
 * The clients of the scenario `http2`: WebSockets as streams of HTTP/2 connections (RFC 8441), or as
 * connections of HTTP/1.1, so that both are asked by the same program.
 *
 * `node bench/load/streams.mjs <port> <pid> <version> <tls|plain> echo <sockets> <warm-up> <messages>`
 * keeps one message of 32 bytes in flight on each socket, compares every answer, and prints one line of JSON:
 * the CPU time of the server (`pid`) and the time, for the messages behind the warm-up.
 *
 * `… idle` reads lines `open <total>` from its input, opens as many sockets, and answers `open`.
 */

import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect as connectHttp2 } from 'node:http2'
import { connect } from 'node:net'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { connect as connectTls } from 'node:tls'

const [port, pid, version, security, mode, ...numbers] = process.argv.slice(2)
const [sockets = 0, warmup = 0, messages = 0] = numbers.map(Number)
/** The default of `maxSocketsPerConnection`. */
const STREAMS_PER_CONNECTION = 100
const isEncrypted = security === 'tls'
/** Of /proc/<pid>/stat: USER_HZ of every Linux. */
const TICK_NS = 1e7
const PAYLOAD = Buffer.alloc(32, 'towpath ')
/** Masked with zeros, so that the payload stands in it as it is. */
const MESSAGE = Buffer.concat([Buffer.from([0x81, 0x80 | PAYLOAD.length, 0, 0, 0, 0]), PAYLOAD])
const ANSWER = Buffer.concat([Buffer.from([0x81, PAYLOAD.length]), PAYLOAD])

let http2 = null
let streams = 0

/** Opens one WebSocket; resolves with its stream when the server has accepted it. */
async function open() {
  return version === '2' ? openStream() : openConnection()
}

async function openStream() {
  if (http2 === null || streams === STREAMS_PER_CONNECTION) {
    const scheme = isEncrypted ? 'https' : 'http'
    http2 = connectHttp2(`${scheme}://127.0.0.1:${port}`, { rejectUnauthorized: false })
    http2.on('error', fail)
    streams = 0
    const [settings] = await once(http2, 'remoteSettings')
    if (!settings.enableConnectProtocol) fail(new Error('the server accepts no WebSockets'))
  }
  streams++
  const stream = http2.request(
    { ':method': 'CONNECT', ':protocol': 'websocket', ':path': '/', 'sec-websocket-version': '13' },
    { endStream: false },
  )
  stream.on('error', fail)
  const [headers] = await once(stream, 'response')
  if (headers[':status'] !== 200) fail(new Error(`the server answered ${headers[':status']}`))
  return stream
}

async function openConnection() {
  const place = { port: Number(port), host: '127.0.0.1', noDelay: true }
  const socket = isEncrypted
    ? connectTls({ ...place, rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] })
    : connect(place)
  socket.on('error', fail)
  socket.write(
    `GET / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
  )
  const [head] = await once(socket, 'data')
  if (!head.toString('latin1').startsWith('HTTP/1.1 101')) fail(new Error(head.toString('latin1')))
  return socket
}

async function echo() {
  const opened = []
  while (opened.length < sockets) opened.push(await open())
  const total = warmup + messages
  let sent = 0
  let answered = 0
  let begun = null
  for (const socket of opened) {
    let unread = Buffer.alloc(0)
    socket.on('data', (piece) => {
      unread = unread.length === 0 ? piece : Buffer.concat([unread, piece])
      if (unread.length < ANSWER.length) return
      if (!unread.equals(ANSWER)) fail(new Error('a reply is not what was sent'))
      unread = Buffer.alloc(0)
      if (++answered === warmup) begun = { cpu: cpuNs(), time: performance.now() }
      if (answered === total) finish(begun)
      else if (sent++ < total) socket.write(MESSAGE)
    })
  }
  for (const socket of opened) if (sent++ < total) socket.write(MESSAGE)
}

function finish(begun) {
  const seconds = (performance.now() - begun.time) / 1000
  const cpuNsPerMessage = (cpuNs() - begun.cpu) / messages
  process.stdout.write(`${JSON.stringify({ cpuNsPerMessage, seconds })}\n`)
  process.exit(0)
}

async function idle() {
  let opened = 0
  for await (const line of createInterface({ input: process.stdin })) {
    const total = Number(line.split(' ')[1])
    for (; opened < total; opened++) await open()
    process.stdout.write(`${JSON.stringify({ open: opened })}\n`)
  }
  process.exit(0)
}

/** User and system time of the server, all threads. */
function cpuNs() {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * TICK_NS
}

function fail(error) {
  process.stdout.write(`${JSON.stringify({ error: error.message })}\n`)
  process.exit(1)
}

await (mode === 'echo' ? echo() : idle())
