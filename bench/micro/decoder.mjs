/** Frames of a client read by a server: one to a read, many to a read, and a large one in pieces. */

import { FrameDecoder } from '../../dist/protocol/frames/frame-decoder.js'
import { encodeFrame } from '../../dist/protocol/frames/frame-encoder.js'

const KEY = 0x37fa213d
const PIECE_BYTES = 16 * 1024

export const title = 'decoder'

export const cases = [
  ...[32, 300, 4096, 65_536].map((bytes) => decode(`1 frame of ${bytes}`, bytes, 1)),
  decode('64 frames of 32 in one read', 32, 64),
  decode('a frame of 65536 in pieces of 16384', 65_536, 1, PIECE_BYTES),
]

function decode(name, bytes, count, pieceBytes = Infinity) {
  const pieces = cut(frames(bytes, count), pieceBytes)
  const decoder = new FrameDecoder(countingSink(), { role: 'server' })
  return {
    name,
    bytes: bytes * count,
    run() {
      for (const piece of pieces) decoder.receive(piece)
    },
  }
}

function frames(bytes, count) {
  const payload = new Uint8Array(new ArrayBuffer(bytes)).fill(0x61)
  const target = new Uint8Array(new ArrayBuffer(count * (bytes + 14)))
  let end = 0
  for (let n = 0; n < count; n++) end = encodeFrame(target, end, 1, true, 0, payload, KEY)
  return target.subarray(0, end)
}

function cut(bytes, pieceBytes) {
  const pieces = []
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    pieces.push(bytes.subarray(at, Math.min(bytes.length, at + pieceBytes)))
  }
  return pieces
}

/** Keeps a sum, so that nothing can be left out as unused; a violation is a bug of this file. */
function countingSink() {
  let sum = 0
  return {
    text: (payload) => void (sum += payload.length),
    binary: (payload) => void (sum += payload.length),
    ping: () => void (sum += 1),
    pong: () => void (sum += 1),
    close: () => void (sum += 1),
    violation(error) {
      throw error
    },
    sum: () => sum,
  }
}
