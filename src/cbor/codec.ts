/**
 * CBOR as a codec (RFC 8949), made of `cbor-x`, however that was loaded.
 */

import type { Codec } from '../messages/index.ts'
import { checkCBOR } from './check.ts'

/** What is used of the package. */
export interface CBORPackage {
  readonly Encoder: new (options: object) => { encode(value: unknown): Uint8Array }
  readonly Decoder: new (options: object) => { decode(data: Uint8Array): unknown }
}

// Records are an extension of the package: no other language reads them.
const OPTIONS = { useRecords: false, mapsAsObjects: true, tagUint8Array: false }

/** Makes the codec. */
export function cborOf({ Encoder, Decoder }: CBORPackage): Codec {
  const encoder = new Encoder(OPTIONS)
  const decoder = new Decoder(OPTIONS)
  return {
    name: 'cbor',
    frame: 'binary',
    // A copy: the package writes messages of many sessions into one buffer.
    encode: (value) => new Uint8Array(encoder.encode(value)),
    decode: (data) => {
      if (typeof data === 'string') throw new TypeError('Cannot decode a text as CBOR')
      checkCBOR(data)
      return decoder.decode(data)
    },
  }
}
