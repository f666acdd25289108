/**
 * The topics of applications, for plugins that report their statistics and must not load topics
 * themselves.
 */

import type { Application } from '../application/index.ts'
import type { TopicsStatistics } from './statistics.ts'

/** Topics, as their statistics are read. */
export interface CountedTopics {
  statistics(): TopicsStatistics
}

const INSTALLED = new WeakMap<Application, CountedTopics>()

/** The plugin `Topics` was installed. */
export function addInstalledTopics(app: Application, topics: CountedTopics): void {
  INSTALLED.set(app, topics)
}

/** Returns the topics of an application; `null` while the plugin `Topics` is not installed. */
export function installedTopicsOf(app: Application): CountedTopics | null {
  return INSTALLED.get(app) ?? null
}
