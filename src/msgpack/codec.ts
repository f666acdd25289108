/**
 * MessagePack as a codec (https://github.com/msgpack/msgpack/blob/master/spec.md), made of `msgpackr`, however that was loaded.
 */

import type { Codec } from '../messages/index.ts'
import { checkMessagePack } from './check.ts'

/** What is used of the package. */
export interface MessagePackPackage {
  readonly Packr: new (options: object) => { pack(value: unknown): Uint8Array }
  readonly Unpackr: new (options: object) => { unpack(data: Uint8Array): unknown }
}

// Records are an extension of the package: no other language reads them.
const OPTIONS = { useRecords: false, mapsAsObjects: true }

/** Makes the codec. */
export function messagePackOf({ Packr, Unpackr }: MessagePackPackage): Codec {
  const encoder = new Packr(OPTIONS)
  const decoder = new Unpackr(OPTIONS)
  return {
    name: 'msgpack',
    frame: 'binary',
    // A copy: the package writes messages of many sessions into one buffer.
    encode: (value) => new Uint8Array(encoder.pack(value)),
    decode: (data) => {
      if (typeof data === 'string') throw new TypeError('Cannot decode a text as MessagePack')
      checkMessagePack(data)
      return decoder.unpack(data)
    },
  }
}
