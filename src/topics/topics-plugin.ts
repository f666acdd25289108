/**
 * Topics in an application, and topics without one.
 */

import { requireObject } from '../base/internal.ts'
import { definePlugin, type Logger, type Plugin } from '../application/index.ts'
import { consoleLogger, logFailure } from '../application/internal.ts'
import { addInstalledTopics } from './installed-topics.ts'
import { createTopicsEnvironment } from './topics-environment.ts'
import { readTopicsOptions, TOPICS_OPTIONS, type TopicsOptions } from './topics-options.ts'
import { TopicsOfProcess } from './topics.ts'

/**
 * Adds topics to an application. They are closed when the application has stopped.
 *
 * @example
 * const topics = app.install(Topics, { namespace: 'shop' })
 */
export const Topics: Plugin<TopicsOptions, TopicsOfProcess> = definePlugin<
  TopicsOptions,
  TopicsOfProcess
>({
  name: 'Topics',
  // The table has a rule for each of these names, and no other.
  optionNames: TOPICS_OPTIONS.names as ReadonlyArray<keyof TopicsOptions>,
  install(app, options) {
    const settings = readTopicsOptions('install Topics', options)
    const environment = createTopicsEnvironment(app.clock)
    const topics = new TopicsOfProcess(settings, environment, app.logger)
    addInstalledTopics(app, topics)
    void topics.open().catch((error: unknown) => {
      logFailure(app.logger, error, 'The broker of topics cannot be used')
    })
    app.monitor.on('stopped', () => topics.close())
    return topics
  },
})

/** What `openTopics` takes. */
export interface OpenTopicsOptions extends TopicsOptions {
  /** Where failures are written. @defaultValue the console */
  readonly logger?: Logger
}

/**
 * Opens topics without an application: for jobs and scripts. The connection of the broker keeps the
 * process alive until they are closed.
 *
 * @returns resolves when the broker is up.
 * @throws (by rejecting) {TypeError | RangeError} for an invalid option; the error of a broker that
 *   cannot be used.
 *
 * @example
 * await using topics = await openTopics({ namespace: 'shop' })
 */
export async function openTopics(options: OpenTopicsOptions = {}): Promise<TopicsOfProcess> {
  requireObject('open topics', 'the options argument', options)
  const { logger = consoleLogger, ...rest } = options
  const settings = readTopicsOptions('open topics', rest)
  const topics = new TopicsOfProcess(settings, createTopicsEnvironment(), logger)
  try {
    await topics.open()
  } catch (error) {
    await topics.close()
    throw error
  }
  return topics
}
