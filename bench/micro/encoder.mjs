/** Frames written, as a server writes them (no mask) and as a client does. */

import { encodeFrame } from '../../dist/protocol/frames/frame-encoder.js'

const TEXT = 1
const BINARY = 2
const KEY = 0x37fa213d
const target = new Uint8Array(new ArrayBuffer(256 * 1024))

export const title = 'encoder'

export const cases = [32, 300, 4096, 65_536].flatMap((bytes) => {
  const payload = new Uint8Array(new ArrayBuffer(bytes)).fill(0x61)
  const text = 'a'.repeat(bytes)
  return [
    encode(`bytes, ${bytes}`, bytes, BINARY, payload, null),
    encode(`bytes masked, ${bytes}`, bytes, BINARY, payload, KEY),
    encode(`string, ${bytes}`, bytes, TEXT, text, null),
  ]
})

function encode(name, bytes, opcode, payload, key) {
  return { name, bytes, run: () => encodeFrame(target, 0, opcode, true, 0, payload, key) }
}
