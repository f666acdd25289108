/**
 * Checks the load generator: an echo that answers wrongly, in any of the ways below, must fail the run.
 * `node bench/check.mjs` ends with status 1 when one of them goes unseen.
 */

import { createHash } from 'node:crypto'
import { createServer } from 'node:net'
import process from 'node:process'

import { runLoad } from './harness/load.mjs'
import { compileLoad } from './harness/prepare.mjs'

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
const PATIENCE = { connections: 2, inFlight: 4, bytes: 64, warmup: 0, messages: 200, seconds: 5 }

/** What each wrong server does to the reply number `count` of a connection, and what must be said of it. */
const LIES = [
  ['tells the truth', (reply) => reply, null],
  ['flips the last bit', flip((frame) => frame.length - 1), /byte 63 of 64 is wrong/],
  ['flips the first bit', flip(() => 2), /byte 0 of 64 is wrong/],
  ['leaves a byte out', late((frame) => resize(frame, 63)), /63 bytes, expected 64/],
  ['adds a byte', late((frame) => resize(frame, 65)), /is wrong/],
  ['forgets a message', (frame, count) => (count === 9 ? Buffer.alloc(0) : frame), /is wrong/],
  [
    'says a message twice',
    (frame, count) => (count === 9 ? twice(frame) : frame),
    /is wrong|none is due/,
  ],
  [
    'never answers the last',
    (frame, count) => (count >= 99 ? Buffer.alloc(0) : frame),
    /nothing arrived/,
  ],
  ['answers as binary', late((frame) => patch(frame, 0, 0x82)), /the other kind/],
  ['sets a reserved bit', late((frame) => patch(frame, 0, 0xc1)), /RSV bits/],
  ['masks', late((frame) => patch(frame, 1, 0x80 | 64)), /masked/],
  ['leaves FIN out', late((frame) => patch(frame, 0, 0x01)), /out of order|is wrong/],
  ['answers another connection', swap(), /is wrong/],
  ['uses a long length', late(longLength), /shortest form/],
  ['ends the connection', (frame, count) => (count === 9 ? null : frame), /ended connection/],
  ['sends fragments, which is fine', late(fragments), null],
]

compileLoad()
let unseen = 0
for (const [name, lie, expected] of LIES) {
  if (!(await isSeen(lie, expected, name))) unseen++
}
if (!(await isSeen((frame) => frame, /wrong Sec-WebSocket-Accept/, 'accepts wrongly', 'nonsense')))
  unseen++
process.exitCode = unseen === 0 ? 0 : 1

async function isSeen(lie, expected, name, guid = GUID) {
  const server = await listen(lie, guid)
  const target = { name: 'liar', port: server.address().port, pid: process.pid }
  const error = await runLoad('echo', target, 1, PATIENCE).then(
    () => null,
    (problem) => problem.message,
  )
  server.close()
  const seen = expected === null ? error === null : expected.test(error ?? '')
  process.stdout.write(`${seen ? 'ok  ' : 'FAIL'} ${name}: ${error ?? 'no error'}\n`)
  return seen
}

async function listen(lie, guid) {
  const server = createServer((socket) => {
    let unread = Buffer.alloc(0)
    let open = false
    let count = 0
    socket.on('error', () => {
      // The load generator leaves as soon as it has seen enough.
    })
    socket.on('data', (bytes) => {
      unread = Buffer.concat([unread, bytes])
      if (!open) {
        const key = /Sec-WebSocket-Key: (.+)\r\n/.exec(unread.toString('latin1'))[1]
        unread = Buffer.alloc(0)
        open = true
        socket.write(upgrade(key, guid))
        return
      }
      for (let frame = take(unread); frame !== null; frame = take(unread)) {
        unread = unread.subarray(frame.taken)
        const reply = frame.opcode === 1 ? lie(frame.reply, count++, socket) : frame.reply
        if (reply === null) socket.destroy()
        else socket.write(reply)
        if (frame.opcode === 8) socket.end()
      }
    })
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server
}

function upgrade(key, guid) {
  const accept = createHash('sha1')
    .update(key + guid)
    .digest('base64')
  return (
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
    `Sec-WebSocket-Accept: ${accept}\r\n\r\n`
  )
}

/** One small masked frame, as the frame that answers it; `null` = not all there. */
function take(bytes) {
  const length = bytes.length < 2 ? 0 : bytes[1] & 127
  if (bytes.length < 6 + length) return null
  const payload = Buffer.from(bytes.subarray(6, 6 + length))
  for (let i = 0; i < length; i++) payload[i] ^= bytes[2 + (i & 3)]
  return {
    opcode: bytes[0] & 15,
    taken: 6 + length,
    reply: Buffer.concat([Buffer.from([bytes[0], length]), payload]),
  }
}

/** Lies in the tenth reply only: the check must not depend on the first one. */
function late(lie) {
  return (frame, count) => (count === 9 ? lie(frame) : frame)
}

function flip(where) {
  return late((frame) => patch(frame, where(frame), frame[where(frame)] ^ 1))
}

function patch(frame, at, value) {
  const copy = Buffer.from(frame)
  copy[at] = value
  return copy
}

function resize(frame, length) {
  const copy = Buffer.alloc(2 + length, '.')
  frame.copy(copy, 0, 0, 2 + Math.min(64, length))
  return patch(copy, 1, length)
}

function twice(frame) {
  return Buffer.concat([frame, frame])
}

function longLength(frame) {
  return Buffer.concat([Buffer.from([0x81, 126, 0, 64]), frame.subarray(2)])
}

function fragments(frame) {
  return Buffer.concat([
    Buffer.from([0x01, 10]),
    frame.subarray(2, 12),
    Buffer.from([0x89, 2, 104, 105]), // A ping may stand between fragments (RFC 6455 §5.4).
    Buffer.from([0x80, 54]),
    frame.subarray(12),
  ])
}

/** Gives the tenth reply of one connection to the other. */
function swap() {
  let first = null
  return (frame, count, socket) => {
    if (count !== 9) return frame
    if (first === null) {
      first = { frame, socket }
      return Buffer.alloc(0)
    }
    first.socket.write(frame)
    return first.frame
  }
}
