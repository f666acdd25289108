/**
 * The MessagePack codec in pages, which have no other way to load a package than to import it.
 */

import { Packr, Unpackr } from 'msgpackr'
import type { Codec } from '../messages/index.ts'
import { messagePackOf } from './codec.ts'

/** Makes a codec for `codecs` of `typed`. A contract names it `msgpack`. */
export function messagePack(): Codec {
  return messagePackOf({ Packr, Unpackr })
}
