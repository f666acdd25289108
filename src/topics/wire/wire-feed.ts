/**
 * How a topic is sent to a client in JSON. An event is serialised once for all clients of the process.
 */

import type { Outbound } from '../../session/index.ts'
import { prepare } from '../node/prepared.ts'
import type { Feed } from '../node/session-outlet.ts'
import type { Taken } from '../node/subscription.ts'
import { TopicEvent } from '../node/topic-event.ts'
import type { Position } from '../kind/items.ts'
import { toBase64 } from './base64.ts'
import type { ServerMessage } from './messages.ts'

/** How a subscription was asked for. */
export interface WireSubscription {
  readonly topic: string
  readonly id: number | null
  /** Whether it goes on from a position. */
  readonly isResume: boolean
  /** Where it begins; `null` in a topic without history. */
  readonly begin: Position | null
}

/** A feed of one client. */
export class WireFeed implements Feed {
  readonly #subscription: WireSubscription
  #isAnnounced = false

  constructor(subscription: WireSubscription) {
    this.#subscription = subscription
  }

  frame(taken: Taken): readonly Outbound[] {
    const frame = this.#frame(taken)
    if (this.#isAnnounced) return [frame]
    this.#isAnnounced = true
    const { topic, id, isResume, begin } = this.#subscription
    const isGap = !(taken instanceof TopicEvent) && taken.type === 'gap'
    const subscribed = encodeMessage({
      type: 'subscribed',
      id,
      topic,
      epoch: begin?.epoch ?? null,
      offset: begin?.offset ?? null,
      resumed: isResume && !isGap,
    })
    return [subscribed, frame]
  }

  #frame(taken: Taken): Outbound {
    const { topic } = this.#subscription
    if (taken instanceof TopicEvent) {
      // One topic has one name: the frame is the same for all of its subscribers.
      return taken.frame(WireFeed, (event) => prepare(encodeEvent(topic, event)))
    }
    if (taken.type === 'skipped') return encodeMessage({ ...taken, topic })
    return taken.type === 'live'
      ? encodeMessage({ type: 'live', topic })
      : encodeMessage({ ...taken, topic })
  }
}

export function encodeMessage(message: ServerMessage): string {
  return JSON.stringify(message)
}

/** The data of the event is put in as it was stored: it is JSON, and is not parsed again. */
function encodeEvent(topic: string, event: TopicEvent): string {
  const { at, key, publisher, data } = event.envelope
  const offset = event.isLogged ? event.offset : null
  const head = JSON.stringify({
    type: 'event',
    topic,
    offset,
    at,
    ...(key === null ? {} : { key }),
    ...(publisher === null ? {} : { publisher }),
  })
  const { json } = event
  const body = json === null ? `"bytes":"${toBase64(data)}"` : `"data":${json}`
  return `${head.slice(0, -1)},${body}}`
}
