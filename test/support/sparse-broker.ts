/**
 * A broker whose offsets have holes and which cannot tell what was trimmed, as JetStream: offsets
 * grow by 3, a read returns few events, and `complete` is `'unknown'` when the event at `after` is
 * not kept.
 */

import type { Broker, BrokerSink, Head, LogTopic } from '../../src/topics/index.ts'

const STEP = 3

/** @param maxEvents the most events that one read returns. */
export function sparseBroker(dense: Broker, maxEvents = 256): Broker {
  const topics = new WeakMap<LogTopic, LogTopic>()
  /** One event more than the kind says, so that the event at `after` is kept too. */
  function roomier(topic: LogTopic): LogTopic {
    const { name, kind } = topic
    const more = topics.get(topic) ?? { name, kind: { ...kind, size: kind.size + 1 } }
    topics.set(topic, more)
    return more
  }
  const out = <H extends Head>(head: H): H => ({ ...head, offset: head.offset * STEP })
  return {
    appendsInFlight: dense.appendsInFlight,
    offsets: 'sparse',
    open: (sink, options) => dense.open(sparseSink(sink), options),
    close: () => dense.close(),
    listen: (channel) => dense.listen(channel),
    unlisten: (channel) => dense.unlisten(channel),
    send: (channel, message) => dense.send(channel, message),
    flush: () => dense.flush(),
    prepare: (kind) => dense.prepare(kind),
    follow: async (topic) => out(await dense.follow(roomier(topic))),
    unfollow: (topic) => dense.unfollow(roomier(topic)),
    heads: async (asked) => (await dense.heads(asked.map(roomier))).map(out),
    append: async (topic, message, identity, expect) => {
      const known = expect && { ...expect, offset: expect.offset / STEP }
      const appended = await dense.append(roomier(topic), message, identity, known)
      const { offset } = appended
      return { ...appended, offset: offset === null ? null : offset * STEP }
    },
    read: async (topic, after, limit) => {
      const from = Math.floor(after / STEP)
      const most = Math.min(limit.events, maxEvents)
      const all = { events: most + 1, bytes: limit.bytes }
      const page = await dense.read(roomier(topic), Math.max(0, from - 1), all)
      const isThere = page.events[0]?.offset === from
      const events = page.events.filter(({ offset }) => offset > from).slice(0, most)
      const sparse = events.map(({ offset, message }) => ({ offset: offset * STEP, message }))
      const isAtHead = events.length === 0 && from === page.head
      const complete = isThere || isAtHead ? true : 'unknown'
      return { epoch: page.epoch, head: page.head * STEP, events: sparse, complete }
    },
  }
}

function sparseSink(sink: BrokerSink): BrokerSink {
  return {
    message: (channel, message) => sink.message(channel, message),
    state: (state) => sink.state(state),
    event: (topic, { epoch, offset, previous }, message) =>
      sink.event(topic, { epoch, offset: offset * STEP, previous: previous * STEP }, message),
  }
}
