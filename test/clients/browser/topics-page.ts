/**
 * What runs in the page of the tests of topics: programs on `towpath/client/topics`.
 */

import { connectTopics, type LiveTopics } from '../../../src/browser-topics-client.ts'

type Encoding = 'json' | 'binary'

/** What a page that stays tells its test. */
export type Told =
  | { readonly type: 'event'; readonly offset: number | null; readonly event: unknown }
  | { readonly type: 'gap'; readonly reason: string; readonly missed: number | null }
  | { readonly type: 'published'; readonly offset: number | null; readonly event: unknown }
  | { readonly type: 'failed'; readonly message: string }
  /** Other items of the topic, states of the connection, and `stopped`: no publish follows. */
  | { readonly type: string }

/** The programs, and a function that the test gives to the page. */
export interface TopicsPage {
  readonly page: {
    readonly follow: typeof follow
    readonly stay: typeof stay
    readonly publish: (event: unknown) => void
    readonly keepPublishing: () => void
    readonly stopPublishing: () => void
  }
  readonly told: (what: Told) => Promise<void>
}

/**
 * Reads a topic until it has seen `count` events, and publishes some itself.
 *
 * @param urls are tried in turn, one for each attempt to connect.
 */
async function follow(
  urls: readonly string[],
  encoding: Encoding,
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

/** The topic of a page that stays. */
let staying: { readonly live: LiveTopics; readonly topic: string } | null = null
let isPublishing = false

/**
 * Follows a topic as long as the page is open, and tells the test all that happens.
 *
 * @param urls are tried in turn, one for each attempt to connect.
 */
function stay(urls: readonly string[], encoding: Encoding, topic: string): void {
  let attempt = 0
  const live = connectTopics(() => urls[attempt++ % urls.length] ?? '', {
    encoding,
    // Over `WebSocketStream`, tabs of Chromium 156 crash now and then when a server is lost.
    connection: { reconnect: { baseDelay: 10 }, webSocketStream: false },
  })
  staying = { live, topic }
  window().addEventListener('offline', () => void tell({ type: 'offline' }))
  void tellStates(live)
  void tellItems(live, topic)
}

async function tellStates(live: LiveTopics): Promise<void> {
  // The loop does not wait: a slow one misses states.
  for await (const { type } of live.connection.states()) void tell({ type })
}

async function tellItems(live: LiveTopics, topic: string): Promise<void> {
  for await (const item of live.topic(topic).events({ from: 'start' })) {
    if (item.type === 'event') await tell({ type: 'event', offset: item.offset, event: item.event })
    else if (item.type !== 'gap') await tell({ type: item.type })
    else await tell({ type: 'gap', reason: item.reason, missed: item.missed })
  }
}

/** Publishes an event, and tells when it is stored. */
async function publish(event: unknown): Promise<void> {
  if (staying === null) throw new Error('Cannot publish: the page does not stay')
  try {
    const { offset } = await staying.live.topic(staying.topic).publish(event)
    await tell({ type: 'published', offset, event })
  } catch (error) {
    await tell({ type: 'failed', message: String(error) })
  }
}

/** Publishes numbers, one after another, until `stopPublishing`. */
async function keepPublishing(): Promise<void> {
  isPublishing = true
  for (let n = 0; isPublishing; n++) await publish(n)
  await tell({ type: 'stopped' })
}

function tell(what: Told): Promise<void> {
  return window().told(what)
}

/** The test has put `told` there. The types are those of Node. */
function window(): Pick<TopicsPage, 'told'> & {
  addEventListener: (type: string, listener: () => void) => void
} {
  return globalThis as unknown as ReturnType<typeof window>
}

const page: TopicsPage['page'] = {
  follow,
  stay,
  publish: (event) => void publish(event),
  keepPublishing: () => void keepPublishing(),
  stopPublishing: () => {
    isPublishing = false
  },
}
Object.assign(globalThis, { page })
