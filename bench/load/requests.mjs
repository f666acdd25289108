/**
 * The clients of the scenario `messages`: each keeps so many requests in flight, and compares every
 * answer with what it has to be.
 *
 * `node bench/load/requests.mjs <port> <pid> <dialect> <connections> <in flight> <warm-up> <requests>`
 * prints one line of JSON: the CPU time of the server (`pid`), and the time, for the requests behind
 * the warm-up. Written over bare sockets, so that the clients are never what is measured.
 */

import { createHash, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import process from 'node:process'

const [port, pid, dialectName, ...numbers] = process.argv.slice(2)
const [connections, inFlight, warmup, requests] = numbers.map(Number)
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
/** Of /proc/<pid>/stat: USER_HZ of every Linux. */
const TICK_NS = 1e7

const DATA = '{"room":"lock 9","limit":20}'
const ANSWER = '{"lines":["lock 9: the lock is open","1 of 20"]}'

/** How a dialect opens, asks and is answered. `number` counts the requests of a connection from 0. */
const DIALECTS = {
  typed: {
    path: '/',
    protocol: 'bench+json',
    ask: (number) => `{"type":"history","id":${2 * number + 1},"data":${DATA}}`,
    answer: (number) => `{"type":".response","id":${2 * number + 1},"data":${ANSWER}}`,
  },
  'socket.io': {
    path: '/socket.io/?EIO=4&transport=websocket',
    ask: (number) => `42${number}["history",${DATA}]`,
    answer: (number) => `43${number}[${ANSWER}]`,
    /** What is said before the first request, and between them. @returns whether `text` is of that. */
    greet(text, send, opened) {
      if (text.startsWith('0{')) send('40')
      else if (text.startsWith('40{')) opened()
      else if (text === '2') send('3')
      else return false
      return true
    },
  },
}

const dialect = DIALECTS[dialectName]
let answered = 0
let asked = 0
let begun = null
const total = warmup + requests

for (let each = 0; each < connections; each++) open()

function open() {
  const socket = connect({ port: Number(port), host: '127.0.0.1', noDelay: true })
  const key = randomBytes(16).toString('base64')
  const protocol = dialect.protocol ? `Sec-WebSocket-Protocol: ${dialect.protocol}\r\n` : ''
  socket.write(
    `GET ${dialect.path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\n` +
      `Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n${protocol}\r\n`,
  )
  const accept = createHash('sha1').update(`${key}${GUID}`).digest('base64')
  let unread = Buffer.alloc(0)
  let isOpen = false
  let nextAsk = 0
  let nextAnswer = 0
  let out = []
  const send = (text) => out.push(frameOf(text))
  const ask = () => {
    asked++
    send(dialect.ask(nextAsk++))
  }
  const opened = () => {
    for (let each = 0; each < inFlight; each++) ask()
  }
  socket.on('error', fail)
  socket.on('close', () => fail(new Error('the server has ended a connection')))
  socket.on('data', (piece) => {
    unread = unread.length === 0 ? piece : Buffer.concat([unread, piece])
    if (!isOpen) {
      const end = unread.indexOf('\r\n\r\n')
      if (end < 0) return
      const head = unread.toString('latin1', 0, end)
      if (!head.startsWith('HTTP/1.1 101') || !head.includes(accept)) fail(new Error(head))
      unread = unread.subarray(end + 4)
      isOpen = true
      if (!dialect.greet) opened()
    }
    for (let frame = readFrame(unread); frame !== null; frame = readFrame(unread)) {
      unread = unread.subarray(frame.size)
      if (frame.opcode === 9) out.push(frameOf(frame.text, 0x8a))
      else if (!dialect.greet?.(frame.text, send, opened)) {
        const expected = dialect.answer(nextAnswer++)
        if (frame.text !== expected) {
          fail(new Error(`the answer is ${frame.text}, expected ${expected}`))
        }
        count()
        if (asked < total) ask()
      }
    }
    if (out.length > 0) socket.write(out.length === 1 ? out[0] : Buffer.concat(out))
    out = []
  })
}

function count() {
  answered++
  if (answered === warmup) begun = { cpu: cpuNs(), time: performance.now() }
  if (answered < total) return
  const seconds = (performance.now() - begun.time) / 1000
  const cpu = cpuNs() - begun.cpu
  process.stdout.write(`${JSON.stringify({ cpuNsPerRequest: cpu / requests, seconds })}\n`)
  process.exit(0)
}

/** One frame of a server, which is not masked; `null`: more bytes are needed. */
function readFrame(bytes) {
  if (bytes.length < 2) return null
  const short = bytes[1]
  if (short === 127) throw new Error('a frame of more than 64 KiB')
  const header = short === 126 ? 4 : 2
  if (bytes.length < header) return null
  const size = header + (short === 126 ? bytes.readUInt16BE(2) : short)
  if (bytes.length < size) return null
  return { opcode: bytes[0] & 0x0f, text: bytes.toString('utf8', header, size), size }
}

/** A masked frame. With a key of zeros the payload stands in it as it is. */
function frameOf(text, first = 0x81) {
  const { length } = text
  const header = length < 126 ? 6 : 8
  const frame = Buffer.alloc(header + length)
  frame[0] = first
  frame[1] = 0x80 | (length < 126 ? length : 126)
  if (length >= 126) frame.writeUInt16BE(length, 2)
  frame.write(text, header, 'latin1')
  return frame
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
