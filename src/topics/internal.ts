/**
 * Parts of topics for brokers.
 */

export { followedTopics } from './followed-topics.ts'
export { createTopicsEnvironment } from './topics-environment.ts'
