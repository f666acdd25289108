/**
 * `towpath/brokers/redis`: topics over Redis or Valkey.
 */

export { PackageMissingError } from '../../packages/index.ts'
export { UnusableEngineError } from '../broker-link.ts'
export { redisBroker } from './redis-broker.ts'
export type { RedisAddress, RedisBrokerOptions } from './redis-options.ts'
