/**
 * Parts of topics for brokers.
 */

export { createTopicsEnvironment } from './topics-environment.ts'
