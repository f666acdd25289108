import { describe, expect, it } from 'vitest'
import { Deferred } from '../../src/base/internal.ts'
import type { WebSocketSession } from '../../src/session/index.ts'
import { settled } from '../../src/testing/test-environment.ts'
import { defineTopic } from '../../src/topics/index.ts'
import type { Feed } from '../../src/topics/node/session-outlet.ts'
import type { Subscription } from '../../src/topics/node/subscription.ts'
import type { TopicNode } from '../../src/topics/node/topic-node.ts'
import { SessionOutlets } from '../../src/topics/session-outlets.ts'

const Room = defineTopic('rooms/:room')
// Nothing is sent here.
const feed = { frame: () => [] } as unknown as Feed

/** Outlets of a node whose broker is away until `answer` is settled. */
function createWorld() {
  const answer = new Deferred<Subscription>()
  const [closed, unsubscribed] = [new Deferred<void>(), [] as Subscription[]]
  // What outlets use of a session and of a node.
  const session = { closed: closed.promise } as unknown as WebSocketSession
  const node = {
    subscribe(...[, , , , signal]: Parameters<TopicNode['subscribe']>) {
      const left = new Deferred<never>()
      signal?.addEventListener('abort', () => void left.reject(signal.reason))
      return Promise.race([answer.promise, left.promise])
    },
    unsubscribe: (subscription: Subscription) => void unsubscribed.push(subscription),
  } as unknown as TopicNode
  const outlets = new SessionOutlets(node, { emit() {}, failed() {} })
  const receiver = outlets.receiverOf(session, feed)
  const attach = () => outlets.attach(receiver, 'rooms/1', Room, 'now')
  return { answer, attach, closed, receiver, unsubscribed }
}

describe('SessionOutlets.attach()', () => {
  it('a subscribe that waits for the broker ends when its session ends', async () => {
    const { attach, closed } = createWorld()
    const waiting = [attach(), attach()]

    closed.resolve()

    expect(await Promise.all(waiting)).toEqual([null, null])
  })

  it('an error of the broker is passed on', async () => {
    const { answer, attach } = createWorld()
    const waiting = attach()

    answer.reject(new Error('refused'))

    await expect(waiting).rejects.toThrow('refused')
  })

  it('a subscription that begins after its outlet has ended is ended', async () => {
    const { answer, attach, receiver, unsubscribed } = createWorld()
    const waiting = attach()
    // What outlets use of a subscription.
    const subscription = {} as Subscription
    receiver.outlet.end()

    answer.resolve(subscription)

    expect(await waiting).toBe(subscription)
    expect(unsubscribed).toEqual([subscription])
    await settled()
  })
})
