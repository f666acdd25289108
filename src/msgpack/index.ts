/**
 * `towpath/msgpack`: messages in MessagePack.
 */

export { messagePack } from './message-pack.ts'
export { PackageMissingError } from '../packages/index.ts'
