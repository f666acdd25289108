/**
 * `towpath/brokers/nats`: topics over NATS with JetStream.
 */

export { PackageMissingError } from '../../packages/index.ts'
export { UnusableEngineError } from '../broker-link.ts'
export { natsBroker } from './nats-broker.ts'
export type { NatsBrokerOptions } from './nats-options.ts'
