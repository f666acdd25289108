/**
 * Parts of topics for brokers, and for plugins that report statistics.
 */

export { followedTopics } from './followed-topics.ts'
export { installedTopicsOf } from './installed-topics.ts'
export type { CountedTopics } from './installed-topics.ts'
export { createTopicsEnvironment } from './topics-environment.ts'
