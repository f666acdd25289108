/**
 * Streams of bytes that are nearly right: frames of every kind, put together and then damaged, and
 * kept ones that are damaged too.
 */

import { readFileSync } from 'node:fs'
import fc, { type Arbitrary } from 'fast-check'
import { concat, type WireFrame, wire } from '../protocol/wire.ts'
import { hex } from '../support/bytes.ts'

/** The streams of `test/fuzz/seeds/`, as bytes. */
export function seeds(file: string): Uint8Array[] {
  return readFileSync(new URL(`./seeds/${file}`, import.meta.url), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map(hex)
}

/** Bytes that hold pieces of text: whole, cut, and broken. */
const textBytes: Arbitrary<Uint8Array> = fc
  .array(
    fc.oneof(
      {
        weight: 6,
        arbitrary: fc.string({ unit: 'binary', maxLength: 12 }).map((text) => Buffer.from(text)),
      },
      { weight: 2, arbitrary: fc.constantFrom('c3', 'e2 82', 'f0 9f 98', 'ef bb bf').map(hex) },
      { weight: 1, arbitrary: fc.constantFrom('c0 80', 'ed a0 80', 'f4 90 80 80', 'ff').map(hex) },
      { weight: 1, arbitrary: fc.uint8Array({ maxLength: 4 }) },
    ),
    { maxLength: 5 },
  )
  .map((pieces) => concat(...pieces))

const closeBytes: Arbitrary<Uint8Array> = fc
  .tuple(
    fc.oneof(fc.integer({ min: 990, max: 1020 }), fc.integer({ min: 0, max: 65535 })),
    textBytes,
  )
  .map(([code, reason]) => concat(Uint8Array.of(code >> 8, code & 255), reason.subarray(0, 123)))

const payload: Arbitrary<Uint8Array> = fc.oneof(
  { weight: 6, arbitrary: textBytes },
  { weight: 2, arbitrary: fc.uint8Array({ maxLength: 140 }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(125, 126, 127, 65535, 65536).map((size) => new Uint8Array(size)),
  },
  { weight: 1, arbitrary: closeBytes },
)

/** Mostly what may come at its place, if the frame before was like it. */
const first: Arbitrary<number> = fc.oneof(
  { weight: 16, arbitrary: fc.constantFrom(0x81, 0x82, 0x01, 0x02, 0x00, 0x80, 0x89, 0x8a) },
  { weight: 1, arbitrary: fc.constant(0x88) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 255 }) },
)

const frame: Arbitrary<WireFrame> = fc.oneof(
  { weight: 12, arbitrary: fc.record({ first, payload }) },
  { weight: 1, arbitrary: closeBytes.map((bytes) => ({ first: 0x88, payload: bytes })) },
  {
    weight: 1,
    arbitrary: fc.record({
      first,
      payload,
      length: fc.oneof(
        fc.constantFrom(125n, 126n, 65535n, 65536n, 2n ** 53n),
        fc.bigInt(0n, 2n ** 64n - 1n),
      ),
      lengthBytes: fc.constant(9 as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ first, payload, masked: fc.boolean() }) },
)

/** Messages as they should be, in fragments with control frames between. */
const message: Arbitrary<WireFrame[]> = fc
  .tuple(
    fc.constantFrom(1, 2),
    fc.oneof(
      fc.string({ unit: 'binary', maxLength: 40 }).map((text) => Buffer.from(text)),
      textBytes,
    ),
    fc.array(fc.nat(160), { maxLength: 4 }),
    fc.array(
      fc.record({ first: fc.constantFrom(0x89, 0x8a), payload: fc.uint8Array({ maxLength: 9 }) }),
      {
        maxLength: 3,
      },
    ),
  )
  .map(([opcode, bytes, cuts, controls]) => {
    const ends = [...cuts.filter((at) => at <= bytes.length).sort((a, b) => a - b), bytes.length]
    return ends.flatMap((end, index) => {
      const fin = index === ends.length - 1 ? 0x80 : 0
      const part = {
        first: fin | (index === 0 ? opcode : 0),
        payload: bytes.subarray(ends[index - 1] ?? 0, end),
      }
      const control = controls[index]
      return control === undefined ? [part] : [control, part]
    })
  })

/** A stream for a server or a client, undamaged as far as its frames are. */
export function streams(role: 'server' | 'client'): Arbitrary<Uint8Array> {
  return fc
    .array(
      fc.oneof(
        { weight: 3, arbitrary: message },
        { weight: 1, arbitrary: frame.map((one) => [one]) },
      ),
      {
        maxLength: 6,
      },
    )
    .map((groups) => concat(...groups.flat().map((one) => wire(role, one))))
}

interface Damage {
  readonly at: number
  readonly kind: 'flip' | 'drop' | 'insert' | 'repeat' | 'cut'
  readonly byte: number
}

const damage: Arbitrary<Damage> = fc.record({
  at: fc.nat(),
  kind: fc.constantFrom('flip', 'drop', 'insert', 'repeat', 'cut'),
  byte: fc.oneof(
    fc.integer({ min: 0, max: 255 }),
    fc.constantFrom(0, 1, 0x7d, 0x7e, 0x7f, 0x80, 0xfe, 0xff),
  ),
})

/** What comes of `bytes` when some of it goes wrong. */
export function damaged(bytes: Arbitrary<Uint8Array>, most = 4): Arbitrary<Uint8Array> {
  return fc
    .tuple(bytes, fc.array(damage, { maxLength: most }))
    .map(([whole, damages]) => damages.reduce(apply, whole))
}

function apply(bytes: Uint8Array, { at, kind, byte }: Damage): Uint8Array {
  const place = at % (bytes.length + 1)
  const before = bytes.subarray(0, place)
  const after = bytes.subarray(place)
  switch (kind) {
    case 'flip':
      return concat(
        before,
        after.map((old, index) => (index === 0 ? old ^ byte : old)),
      )
    case 'drop':
      return concat(before, after.subarray(1 + (byte % 8)))
    case 'insert':
      return concat(before, Uint8Array.of(byte), after)
    case 'repeat':
      return concat(before, before.subarray(-1 - (byte % 32)), after)
    case 'cut':
      return byte < 64 ? before : bytes
  }
}

/**
 * How to cut: sizes of pieces, used in turn. Few of them are 1, so that long streams stay quick.
 */
export const cuttings: Arbitrary<readonly number[]> = fc.oneof(
  fc.constant([Infinity]),
  fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 8 }),
  fc.constant([1]),
)

/** `bytes` in pieces of the sizes of a cutting; above a few thousand bytes pieces are larger. */
export function cutAs(bytes: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const factor = Math.max(1, Math.ceil(bytes.length / 4096))
  const pieces: Uint8Array[] = []
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = (sizes[turn % sizes.length] ?? 1) * factor
    pieces.push(bytes.slice(at, at + size))
    at += size
  }
  return pieces
}
