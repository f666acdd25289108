import { describe, expect, it } from 'vitest'
import { createTestEnvironment } from '../../../../src/testing/test-environment.ts'
import { type Broker, defineTopic } from '../../../../src/topics/index.ts'
import { encodeData, encodeEnvelope } from '../../../../src/topics/kind/envelope.ts'
import { WireFollower } from '../../../../src/topics/node/following/wire-follower.ts'
import { encodeWireMessage } from '../../../../src/topics/node/following/wire-message.ts'
import { ReadSlots } from '../../../../src/topics/node/reading/read-slots.ts'
import { KindCounters } from '../../../../src/topics/node/kind-counters.ts'
import { HeldBudget } from '../../../../src/topics/node/following/held-events.ts'
import { RingBudget } from '../../../../src/topics/node/ring-budget.ts'
import { Sweep } from '../../../../src/topics/node/sweep.ts'

const Plain = defineTopic('plain/:name')
const envelopeOf = (text: string): Uint8Array =>
  encodeEnvelope({ at: 0, key: null, publisher: null, ...encodeData(text) })

async function following() {
  const environment = createTestEnvironment(1)
  const channels: string[] = []
  const broker: Pick<Broker, 'listen' | 'unlisten'> = {
    listen: (channel) => Promise.resolve(void channels.push(channel)),
    unlisten: (channel) => void channels.splice(channels.indexOf(channel), 1),
  }
  const follower = new WireFollower('plain/1', Plain, {
    // The follower asks for nothing else.
    broker: broker as Broker,
    environment,
    slots: new ReadSlots(),
    budget: new RingBudget(),
    held: new HeldBudget(),
    sweep: new Sweep(environment),
    nextNumber: () => 1,
    countersOf: () => new KindCounters(),
    isUp: () => true,
    begun: () => {},
    told: () => {},
  })
  await follower.start()
  const say = (sender: string, sequence: number, own: string | null = null): void =>
    follower.message(
      encodeWireMessage({ sender, sequence, envelope: envelopeOf(`${sender}${sequence}`) }),
      own,
    )
  const seen = (): unknown[] =>
    follower.topic.ring?.events.map(({ item, missing }) =>
      missing === null ? item.event : [item.event, missing.missed],
    ) ?? []
  return { follower, channels, say, seen }
}

describe('WireFollower', () => {
  it('T-06 a hole in the numbers of one publisher is counted, and no other publisher disturbs it', async () => {
    const { say, seen } = await following()
    say('a', 7)
    say('b', 1)
    say('a', 8)
    say('a', 11)

    expect(seen()).toEqual(['a7', 'b1', 'a8', ['a11', 2]])
  })

  it('T-06 at most once: a number that is not above the newest is dropped', async () => {
    const { say, seen } = await following()
    say('a', 2)
    say('a', 2)
    say('a', 1)

    expect(seen()).toEqual(['a2'])
  })

  it('T-09 its own events come at once, and not a second time by way of the broker', async () => {
    const { follower, say, seen } = await following()
    follower.publish(envelopeOf('mine'))
    say('me', 1, 'me')

    expect(seen()).toEqual(['mine'])
  })

  it('T-06 after an outage, something may be missing, and the numbers begin anew', async () => {
    const { follower, say } = await following()
    say('a', 1)
    follower.lostBroker()
    say('a', 9)

    const events = follower.topic.ring?.events ?? []
    expect(events.map(({ isLoss }) => isLoss)).toEqual([false, true, false])
    expect(events.map(({ missing }) => missing)).toEqual([
      null,
      { reason: 'broker', missed: null },
      null,
    ])
  })

  it('T-57 bytes of another program are dropped', async () => {
    const { follower, seen } = await following()
    follower.message(new Uint8Array([255]), null)
    follower.message(
      encodeWireMessage({ sender: 'a', sequence: 1, envelope: new Uint8Array([255]) }),
      null,
    )

    expect(seen()).toEqual([])
  })

  it('remembers a limited number of publishers', async () => {
    const { say, seen } = await following()
    say('first', 1)
    for (let n = 0; n < 1000; n++) say(`s${n}`, 1)
    say('first', 5)

    expect(seen().at(-1)).toBe('first5')
  })

  it('listens to its channel until it stops', async () => {
    const { follower, channels } = await following()
    expect(channels).toEqual(['e:plain/1'])
    follower.stop()
    expect(channels).toEqual([])
  })
})
