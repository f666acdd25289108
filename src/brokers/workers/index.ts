/**
 * `towpath/brokers/workers`: topics over the workers of one server.
 */

export { workersBroker } from './workers-broker.ts'
