/**
 * The CBOR codec in pages, which have no other way to load a package than to import it.
 */

import { Encoder, Decoder } from 'cbor-x'
import type { Codec } from '../messages/index.ts'
import { cborOf } from './codec.ts'

/** Makes a codec for `codecs` of `typed`. A contract names it `cbor`. */
export function cbor(): Codec {
  return cborOf({ Encoder, Decoder })
}
