/**
 * `towpath/cbor`: messages in CBOR.
 */

export { cbor } from './cbor.ts'
export { PackageMissingError } from '../packages/index.ts'
