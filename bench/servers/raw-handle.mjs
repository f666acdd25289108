/**
 * What plain JavaScript can reach on Node: an echo on the TCP handle itself, with one callback for
 * each read and one write for its frames. It has no session, no channel, no limits and no UTF-8
 * check, and does not answer Close frames. What a server adds to this is its own; the rest is Node's
 * way to the socket. It serves `/` only, and ends where the kernel does not take a write at once.
 */

import { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import { createServer } from 'node:net'
import process from 'node:process'

import { port, ready } from './contract.mjs'

const { WriteWrap, kLastWriteWasAsync, kReadBytesOrError, streamBaseState } =
  process.binding('stream_wrap')
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
const BUFFER_BYTES = 256 * 1024
/** Longer payloads are unmasked by words in place, if they begin at a word. */
const MIN_WORDS_BYTES = 128

const buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES)
const words = new Int32Array(buffer.buffer)
/** The kernel takes each write at once, so one request serves all. */
const request = new WriteWrap()

const server = createServer()
server.listen(port, '127.0.0.1', () => {
  const listening = server._handle
  listening.onconnection = (status, handle) => {
    if (status === 0) accept(handle)
  }
  ready(server.address().port, () => globalThis.gc())
})

function accept(handle) {
  handle.setNoDelay(true)
  handle.isOpen = false
  handle.rest = null
  handle.useUserBuffer(buffer)
  handle.onread = onRead
  handle.readStart()
}

function onRead() {
  const count = streamBaseState[kReadBytesOrError]
  if (count < 0) this.close()
  else if (count > 0 && !this.isOpen) upgrade(this, count)
  else if (count > 0 && this.rest === null) echo(this, count)
  else if (count > 0) continueFrame(this, count)
}

function upgrade(handle, count) {
  const [, key] = /sec-websocket-key: *(\S+)/i.exec(buffer.latin1Slice(0, count))
  const accepted = createHash('sha1')
    .update(key + GUID)
    .digest('base64')
  handle.isOpen = true
  handle.writeLatin1String(
    new WriteWrap(),
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
      `Sec-WebSocket-Accept: ${accepted}\r\n\r\n`,
  )
}

/** A frame began in an earlier read: puts its beginning in front of the bytes that have arrived. */
function continueFrame(handle, count) {
  const before = handle.rest
  handle.rest = null
  buffer.copyWithin(before.length, 0, count)
  buffer.set(before)
  echo(handle, before.length + count)
}

/** Unmasks all whole frames in place, moves them together, and writes them back. */
function echo(handle, end) {
  let at = 0
  let first = -1
  let to = 0
  for (;;) {
    if (end - at < 6) break
    let length = buffer[at + 1] & 0x7f
    let size = 2
    if (length === 126) {
      length = (buffer[at + 2] << 8) | buffer[at + 3]
      size = 4
    } else if (length === 127) {
      if (end - at < 14) break
      length = buffer.readUInt32BE(at + 6)
      size = 10
    }
    const payload = at + size + 4
    if (payload + length > end) break
    if (first < 0) first = to = at + 4
    const key = buffer.readInt32LE(at + size)
    if (size > 2) buffer.copyWithin(to, at, at + size)
    else buffer[to] = buffer[at]
    buffer[to + 1] = buffer[at + 1] & 0x7f
    unmask(payload, length, key, to + size)
    to += size + length
    at = payload + length
  }
  if (at < end) handle.rest = Buffer.from(buffer.subarray(at, end))
  if (first >= 0) write(handle, first, to)
}

function unmask(start, length, key, to) {
  if (length < MIN_WORDS_BYTES || (start & 3) !== 0) {
    for (let i = 0; i < length; i++) buffer[to + i] = buffer[start + i] ^ (key >>> ((i & 3) << 3))
    return
  }
  const end = (start + length) >> 2
  for (let i = start >> 2; i < end; i++) words[i] ^= key
  for (let i = end << 2; i < start + length; i++) buffer[i] ^= key >>> ((i & 3) << 3)
  if (to !== start) buffer.copyWithin(to, start, start + length)
}

function write(handle, start, end) {
  handle.writeBuffer(request, buffer.subarray(start, end))
  if (streamBaseState[kLastWriteWasAsync] === 0) return
  throw new Error('Cannot echo: the kernel did not take a write at once')
}
