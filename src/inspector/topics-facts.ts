/**
 * The topics of an application, if it has the plugin `Topics`.
 */

import { type Application, PluginMissingError } from '../application/index.ts'
import { Topics, type TopicsOfProcess } from '../topics/index.ts'
import { followedTopics } from '../topics/internal.ts'
import { TopRows } from './top-rows.ts'
import { MAX_ROWS, type TopicRow, type TopicsFacts } from './wire.ts'

/** Returns the topics with the most subscribers; `null` without the plugin. */
export function topicsFacts(app: Application): TopicsFacts | null {
  const topics = topicsOf(app)
  if (topics === null) return null
  const top = new TopRows<ReturnType<typeof followedTopics>[number]>(MAX_ROWS)
  const followed = followedTopics(topics)
  for (const topic of followed) top.add(topic.subscribers, topic)
  const rows = top.rows.map(({ name, subscribers, lag }): TopicRow => ({
    topic: name,
    subscribers,
    lag: lag(),
  }))
  return { broker: topics.broker.state, count: followed.length, rows }
}

function topicsOf(app: Application): TopicsOfProcess | null {
  try {
    return app.plugin(Topics)
  } catch (error) {
    if (error instanceof PluginMissingError) return null
    throw error
  }
}
