/**
 * What codecs of optional packages need on every platform, pages included.
 */

export { ByteReader } from './byte-reader.ts'
