/**
 * The binary codecs against bytes of a peer that says anything: a value of few kinds comes out, or
 * an Error; nothing is kept for the next message, and no prototype is changed.
 */

import fc from 'fast-check'
import type { Codec } from 'towpath/messages'
import { cbor } from 'towpath/cbor'
import { messagePack } from 'towpath/msgpack'
import { describe, expect, it } from 'vitest'
import { effort, TIME } from './effort.ts'

const KNOWN: ReadonlySet<unknown> = new Set([
  Object.prototype,
  Array.prototype,
  Date.prototype,
  Set.prototype,
  Map.prototype,
])

/** All objects of a value. It would not end for a cycle. */
function* objectsIn(value: unknown): Generator<object> {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return
  yield value
  const parts = value instanceof Map ? [...value].flat() : value instanceof Set ? [...value] : []
  for (const part of [...parts, ...Object.values(value)]) yield* objectsIn(part)
}

const MEANINGFUL = (
  '81a9 69 a1 5f5f70726f746f5f5f d81c d81d00 d81b c25a000100 da53687264 d869 d9dffe d9dfff ' +
  'd901038a bf 9f ff c705 d472 c9000100 42 78 de00ff dc00ff 98ff b8ff f7 d40000 d6ff a3eda080 ' +
  '62c328 fb cf'
).split(' ')

/** Heads, lengths and tags that mean something, beside any bytes. */
const piece = fc.oneof(
  fc.uint8Array({ maxLength: 8 }),
  fc.constantFrom(...MEANINGFUL).map((text) => Uint8Array.from(Buffer.from(text, 'hex'))),
)

const message = fc
  .array(piece, { maxLength: 24 })
  .map((pieces) => Uint8Array.from(pieces.flatMap((each) => [...each])))

/** A message of ours, with a few bytes of it changed. */
const changed = (codec: Codec): fc.Arbitrary<Uint8Array> =>
  fc
    .tuple(fc.jsonValue(), fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }))
    .map(([value, changes]) => {
      const bytes = Uint8Array.from(codec.encode({ type: 'say', data: value }) as Uint8Array)
      for (const [at, byte] of changes) bytes[at % bytes.length] = byte
      return bytes
    })

describe.each([messagePack(), cbor()])('the codec $name', (codec) => {
  const sample = { type: 'say', id: 7, data: [{ text: 'ü', at: 1.5 }, null, true] }
  const encoded = codec.encode(sample)

  function requireHarmless(bytes: Uint8Array): void {
    let value: unknown = null
    let error: unknown = new Error('none')
    try {
      value = codec.decode(bytes)
    } catch (thrown) {
      error = thrown
    }
    expect(error).toBeInstanceOf(Error)
    for (const each of objectsIn(value)) expect(KNOWN).toContain(Object.getPrototypeOf(each))
    expect(codec.decode(encoded)).toEqual(sample)
    expect(Object.keys(Object.prototype)).toEqual([])
  }

  it('M-06 M-11 decodes any bytes to plain values, or throws', TIME, () => {
    fc.assert(fc.property(message, requireHarmless), effort(1500))
    fc.assert(fc.property(changed(codec), requireHarmless), effort(1500))
  })

  it('gives back every value of JSON', TIME, () => {
    // Keys named `__proto__` change: they are not to reach a prototype.
    const value = fc.jsonValue().filter((each) => !JSON.stringify(each).includes('__proto__'))
    fc.assert(
      fc.property(value, (each) => {
        expect(codec.decode(codec.encode(each))).toEqual(JSON.parse(JSON.stringify(each)))
      }),
      effort(1500),
    )
  })
})
