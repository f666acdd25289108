/**
 * `towpath/msgpack` in a page: the bundler finds `msgpackr`.
 */

export { messagePack } from './page-codec.ts'
