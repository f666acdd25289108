/**
 * `towpath/cbor` in a page: the bundler finds `cbor-x`.
 */

export { cbor } from './page-codec.ts'
