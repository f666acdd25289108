/**
 * The CBOR codec on servers. `cbor-x` is an optional package.
 */

import type { Codec } from '../messages/index.ts'
import { loadPackage } from '../packages/index.ts'
import { cborOf, type CBORPackage } from './codec.ts'

/**
 * Makes a codec for `codecs` of `typed`. A contract names it `cbor`.
 *
 * @throws {PackageMissingError} if `cbor-x` is not installed.
 */
export function cbor(): Codec {
  const loaded = loadPackage('use CBOR', 'cbor-x', '^1.6.9')
  return cborOf(loaded as CBORPackage) // of the versions that the message names
}
