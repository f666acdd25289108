/**
 * The MessagePack codec on servers. `msgpackr` is an optional package.
 */

import type { Codec } from '../messages/index.ts'
import { loadPackage } from '../packages/index.ts'
import { messagePackOf, type MessagePackPackage } from './codec.ts'

/**
 * Makes a codec for `codecs` of `typed`. A contract names it `msgpack`.
 *
 * @throws {PackageMissingError} if `msgpackr` is not installed.
 */
export function messagePack(): Codec {
  const loaded = loadPackage('use MessagePack', 'msgpackr', '^2.1.4')
  return messagePackOf(loaded as MessagePackPackage) // of the versions that the message names
}
