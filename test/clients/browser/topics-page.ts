/**
 * What runs in the page of the tests of topics: one program on `towpath/client/topics`.
 */

import { connectTopics } from '../../../src/browser-topics-client.ts'

/**
 * Reads a topic until it has seen `count` events, and publishes some itself.
 *
 * @param urls are tried in turn, one for each attempt to connect.
 */
async function follow(
  urls: readonly string[],
  encoding: 'json' | 'binary',
  count: number,
): Promise<{ events: unknown[]; others: string[]; history: unknown[]; members: number }> {
  let attempt = 0
  await using live = connectTopics(() => urls[attempt++ % urls.length] ?? '', { encoding })
  const topic = live.topic('rooms/page')
  await using seat = await topic.presence.join('Ada')
  const [events, others]: [unknown[], string[]] = [[], []]
  const published: Array<Promise<unknown>> = []
  for await (const item of topic.events({ from: 'start' })) {
    if (item.type === 'event') {
      events.push(item.event instanceof Uint8Array ? [...item.event] : item.event)
    } else others.push(item.type)
    if (item.type === 'live') {
      published.push(topic.publish('from the page'), topic.publish(new Uint8Array([1, 2])))
    }
    if (events.length === count) break
  }
  await Promise.all(published)
  const page = await topic.history({ from: { last: 2 } })
  const first = await topic.presence.changes().next()
  const members = first.value?.type === 'members' ? first.value.count : -1
  return {
    events,
    others,
    history: page.events.map(({ offset }) => offset),
    members: seat.key === '' ? -1 : members,
  }
}

Object.assign(globalThis, { page: { follow } })
