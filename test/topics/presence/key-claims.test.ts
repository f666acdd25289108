import { afterEach, describe, expect, it } from 'vitest'
import type { Broker, BrokerSink } from '../../../src/topics/index.ts'
import {
  BrokerUnavailableError,
  memoryBroker,
  MemoryLog,
  PresenceKeyTakenError,
  PublishUncertainError,
} from '../../../src/topics/index.ts'
import { KeyClaims } from '../../../src/topics/presence/key-claims.ts'
import { KEYS_KIND, keyLogOf } from '../../../src/topics/presence/key-record.ts'
import { createTestEnvironment, settled } from '../../../src/testing/test-environment.ts'

const HOUR_MS = 3_600_000

/** Processes that share a log, with claims alone. */
class World {
  readonly environment = createTestEnvironment(1)
  readonly log = new MemoryLog()
  /** Processes that have been silent for too long. */
  readonly gone = new Set<string>()
  readonly #claims: KeyClaims[] = []

  async open(nodeId: string): Promise<{ claims: KeyClaims; broker: Broker }> {
    const { environment, gone, log } = this
    const broker = memoryBroker({ log })
    const claims = new KeyClaims({
      broker,
      environment,
      nodeId,
      isGone: (node) => gone.has(node),
    })
    this.#claims.push(claims)
    const sink: BrokerSink = {
      event() {},
      message() {},
      state({ state }) {
        if (state === 'up') claims.up()
      },
    }
    await broker.open(sink, { namespace: 'test', nodeId, environment })
    return { claims, broker }
  }

  pass(ms: number): Promise<void> {
    return this.environment.clock.advance(ms)
  }

  end(): void {
    for (const claims of this.#claims) claims.end()
  }
}

describe('KeyClaims', () => {
  let world = new World()
  afterEach(() => {
    world.end()
    world = new World()
  })

  it('T-59 of 20 processes that claim a key at once, exactly one gets it', async () => {
    const nodes = await Promise.all(Array.from({ length: 20 }, (_, n) => world.open(`n${n}`)))

    const outcomes = await Promise.allSettled(
      nodes.map(({ claims }, n) => claims.claim('room', 'ada', `${n}`)),
    )

    const kinds = outcomes.map((each) => (each.status === 'rejected' ? each.reason : 'won'))
    expect(kinds.filter((kind) => kind === 'won')).toHaveLength(1)
    expect(kinds.filter((kind) => kind instanceof PresenceKeyTakenError)).toHaveLength(19)
  })

  it('names the topic and the key in the error', async () => {
    const { claims } = await world.open('a')
    await claims.claim('room', 'ada', 'one')

    await expect(claims.claim('room', 'ada', 'two')).rejects.toMatchObject({
      code: 'TOWPATH_PRESENCE_KEY_TAKEN',
      topic: 'room',
      key: 'ada',
    })
    await claims.claim('room2', 'ada', 'two')
    await claims.claim('room', 'bob', 'two')
  })

  it('T-60 a holder shares its key among processes until the last has given it back', async () => {
    const [a, b, c] = [await world.open('a'), await world.open('b'), await world.open('c')]
    const first = await a.claims.claim('room', 'ada', 'one')
    const second = await b.claims.claim('room', 'ada', 'one')
    first.release()
    first.release()
    await settled()
    await expect(c.claims.claim('room', 'ada', 'two')).rejects.toThrow(PresenceKeyTakenError)
    second.release()
    await settled()

    await c.claims.claim('room', 'ada', 'two')
  })

  it('T-60 a seat that comes while the last one goes keeps the key', async () => {
    const [a, b] = [await world.open('a'), await world.open('b')]
    const first = await a.claims.claim('room', 'ada', 'one')
    const coming = a.claims.claim('room', 'ada', 'one')
    first.release()
    await coming
    await settled()

    await expect(b.claims.claim('room', 'ada', 'two')).rejects.toThrow(PresenceKeyTakenError)
  })

  it('T-60 a process that is gone does not count', async () => {
    const [a, b] = [await world.open('a'), await world.open('b')]
    await a.claims.claim('room', 'ada', 'one')
    world.log.cut(a.broker, { silent: true })
    await expect(b.claims.claim('room', 'ada', 'two')).rejects.toThrow(PresenceKeyTakenError)
    world.gone.add('a')

    await b.claims.claim('room', 'ada', 'two')
  })

  it('T-61 tells a process that was cut off that another holder has the key', async () => {
    const [a, b] = [await world.open('a'), await world.open('b')]
    let losses = 0
    const claim = await a.claims.claim('room', 'ada', 'one')
    claim.onLost(() => losses++)
    world.log.cut(a.broker)
    world.gone.add('a')
    await b.claims.claim('room', 'ada', 'two')
    expect(losses).toBe(0)

    world.log.mend(a.broker)
    await settled()

    expect(losses).toBe(1)
    claim.release()
    await settled()
    world.gone.delete('a')
    await expect(a.claims.claim('room', 'ada', 'one')).rejects.toThrow(PresenceKeyTakenError)
  })

  it('T-61 finds a loss also if the connection never broke', async () => {
    const [a, b] = [await world.open('a'), await world.open('b')]
    let losses = 0
    const claim = await a.claims.claim('room', 'ada', 'one')
    claim.onLost(() => losses++)
    world.gone.add('a')
    await b.claims.claim('room', 'ada', 'two')

    await world.pass(30_000)

    expect(losses).toBe(1)
  })

  it('T-61 gives a key back after the broker has returned', async () => {
    const [a, b] = [await world.open('a'), await world.open('b')]
    const claim = await a.claims.claim('room', 'ada', 'one')
    world.log.cut(a.broker)
    claim.release()
    await settled()
    await expect(b.claims.claim('room', 'ada', 'two')).rejects.toThrow(PresenceKeyTakenError)

    world.log.mend(a.broker)
    await settled()

    await b.claims.claim('room', 'ada', 'two')
  })

  it('gives back a key whose claim was stored without an answer', async () => {
    const [a, b] = [await world.open('a'), await world.open('b')]
    const append = a.broker.append.bind(a.broker)
    a.broker.append = async (topic, ...rest) => {
      await append(topic, ...rest)
      throw new PublishUncertainError(topic.name)
    }
    await expect(a.claims.claim('room', 'ada', 'one')).rejects.toThrow(BrokerUnavailableError)
    a.broker.append = append
    await expect(b.claims.claim('room', 'ada', 'two')).rejects.toThrow(PresenceKeyTakenError)

    a.claims.up()
    await settled()

    await b.claims.claim('room', 'ada', 'two')
  })

  it('takes its keys again from a log that has lost them', async () => {
    const [a, b] = [await world.open('a'), await world.open('b')]
    const claim = await a.claims.claim('room', 'ada', 'one')
    claim.onLost(() => expect.fail('lost'))

    world.log.restart({ lose: 1 })
    await settled()

    await expect(b.claims.claim('room', 'ada', 'two')).rejects.toThrow(PresenceKeyTakenError)
  })

  it('renews a key that is held for longer than its record is kept', async () => {
    const [a, b] = [await world.open('a'), await world.open('b')]
    await a.claims.claim('room', 'ada', 'one')
    const { offset } = (await a.broker.heads([keyLogOf('room', 'ada')]))[0] ?? { offset: 0 }

    for (let hour = 0; hour < 26; hour++) await world.pass(HOUR_MS)

    const [head] = await a.broker.heads([keyLogOf('room', 'ada')])
    expect(head?.offset).toBeGreaterThan(offset)
    expect(KEYS_KIND.ageMs).toBe(24 * HOUR_MS)
    await expect(b.claims.claim('room', 'ada', 'two')).rejects.toThrow(PresenceKeyTakenError)
  })

  it('counts a key as free if its record is not one', async () => {
    const { claims, broker } = await world.open('a')
    await broker.append(keyLogOf('room', 'ada'), new Uint8Array([1, 2]), { id: 'x' })

    await claims.claim('room', 'ada', 'one')
  })

  it('does not give the holder to the broker', async () => {
    const { claims, broker } = await world.open('a')
    await claims.claim('room', 'ada', 'a secret')

    const { events } = await broker.read(keyLogOf('room', 'ada'), 0, { events: 9, bytes: 9999 })
    expect(events.map(({ message }) => new TextDecoder().decode(message)).join()).not.toContain(
      'a secret',
    )
  })
})
