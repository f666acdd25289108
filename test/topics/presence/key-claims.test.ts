import { afterEach, describe, expect, it } from 'vitest'
import type { Broker, BrokerSink } from '../../../src/topics/index.ts'
import {
  BrokerUnavailableError,
  ExpectationFailedError,
  memoryBroker,
  MemoryLog,
  PresenceKeyTakenError,
  PublishUncertainError,
} from '../../../src/topics/index.ts'
import { KeyClaims } from '../../../src/topics/presence/key-claims.ts'
import { KEYS_KIND, keyLogOf } from '../../../src/topics/presence/key-record.ts'
import { createTestEnvironment, settled } from '../../../src/testing/test-environment.ts'

const QUARTER_MS = 15 * 60_000

/** Processes that share a log, with claims alone. */
class World {
  readonly environment = createTestEnvironment(1)
  readonly log = new MemoryLog()
  /** Processes that have been silent for too long. */
  readonly gone = new Set<string>()
  readonly failures: unknown[] = []
  readonly #claims: KeyClaims[] = []

  async open(nodeId: string): Promise<{ claims: KeyClaims; broker: Broker }> {
    const { environment, failures, gone, log } = this
    const broker = memoryBroker({ log })
    const claims = new KeyClaims({
      broker,
      environment,
      nodeId,
      isGone: (node) => gone.has(node),
      failed: (error) => failures.push(error),
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

  it('T-59 one holder that claims its key in 60 processes at once has it in all', async () => {
    const nodes = await Promise.all(Array.from({ length: 60 }, (_, n) => world.open(`n${n}`)))

    const outcomes = Promise.allSettled(
      nodes.map(({ claims }) => claims.claim('room', 'ada', 'one')),
    )
    await world.pass(20_000)

    const refused = (await outcomes).filter(({ status }) => status === 'rejected')
    expect(refused).toEqual([])
  })

  it('T-61 a claim that loses every race is unavailable, and a key that is held stays', async () => {
    const { claims, broker } = await world.open('a')
    let lost = 0
    const claim = await claims.claim('room', 'ada', 'one')
    claim.onLost(() => lost++)
    broker.append = () => Promise.reject(new ExpectationFailedError('room'))

    const other = Promise.allSettled([claims.claim('room', 'bob', 'one')])
    // The record is written again meanwhile, in vain.
    await world.pass(3 * QUARTER_MS)

    expect((await other)[0]).toMatchObject({ reason: { code: 'TOWPATH_BROKER_UNAVAILABLE' } })
    expect(lost).toBe(0)
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

  it('tells the other losses, and checks further, after a function failed that tells one', async () => {
    const [a, b] = [await world.open('a'), await world.open('b')]
    const bug = new Error('a bug')
    const losses: string[] = []
    const first = await a.claims.claim('room', 'ada', 'one')
    first.onLost(() => {
      throw bug
    })
    const second = await a.claims.claim('room', 'ada', 'one')
    second.onLost(() => losses.push('ada'))
    for (const key of ['bob', 'cem']) {
      const claim = await a.claims.claim('room', key, 'one')
      claim.onLost(() => losses.push(key))
    }
    world.gone.add('a')
    for (const key of ['ada', 'bob']) await b.claims.claim('room', key, 'two')

    await world.pass(30_000)
    expect(losses).toEqual(['ada', 'bob'])
    await b.claims.claim('room', 'cem', 'two')
    await world.pass(30_000)

    expect(losses).toEqual(['ada', 'bob', 'cem'])
    expect(world.failures).toEqual([bug])
  })

  it('reports an error of the broker that is no outage, and checks again', async () => {
    const [a, b] = [await world.open('a'), await world.open('b')]
    const odd = new Error('odd')
    let losses = 0
    const claim = await a.claims.claim('room', 'ada', 'one')
    claim.onLost(() => losses++)
    world.gone.add('a')
    await b.claims.claim('room', 'ada', 'two')
    const heads = a.broker.heads.bind(a.broker)
    a.broker.heads = () => Promise.reject(odd)

    await world.pass(30_000)
    expect([world.failures, losses]).toEqual([[odd], 0])
    a.broker.heads = heads
    await world.pass(30_000)

    expect([world.failures, losses]).toEqual([[odd], 1])
  })

  it('reports one error for each check, however many keys fail', async () => {
    const [a, b] = [await world.open('a'), await world.open('b')]
    for (const key of ['ada', 'bob']) await a.claims.claim('room', key, 'one')
    world.gone.add('a')
    for (const key of ['ada', 'bob']) await b.claims.claim('room', key, 'two')
    const odd = new Error('odd')
    a.broker.read = () => Promise.reject(odd)

    await world.pass(30_000)
    expect(world.failures).toEqual([odd])
    await world.pass(30_000)

    expect(world.failures).toEqual([odd, odd])
  })

  it('T-61 keeps a key whose record it cannot write in races with its own holder', async () => {
    const [a, b] = [await world.open('a'), await world.open('b')]
    let losses = 0
    const claim = await a.claims.claim('room', 'ada', 'one')
    claim.onLost(() => losses++)
    const append = a.broker.append.bind(a.broker)
    a.broker.append = (log) => Promise.reject(new ExpectationFailedError(log.name))
    for (let passed = 0; passed < KEYS_KIND.ageMs / 2; passed += 30_000) await world.pass(30_000)
    a.broker.append = append
    await world.pass(60_000)

    expect(losses).toBe(0)
    await expect(b.claims.claim('room', 'ada', 'two')).rejects.toThrow(PresenceKeyTakenError)
  })

  it('a key that cannot be read does not stop the checks of the others', async () => {
    const [a, b] = [await world.open('a'), await world.open('b')]
    const losses: string[] = []
    for (const key of ['ada', 'bob']) {
      const claim = await a.claims.claim('room', key, 'one')
      claim.onLost(() => losses.push(key))
    }
    world.gone.add('a')
    for (const key of ['ada', 'bob']) await b.claims.claim('room', key, 'two')
    const read = a.broker.read.bind(a.broker)
    a.broker.read = (log, ...rest) =>
      log.name === keyLogOf('room', 'ada').name
        ? Promise.reject(new BrokerUnavailableError('read', log.name))
        : read(log, ...rest)

    await world.pass(30_000)
    expect(losses).toEqual(['bob'])
    a.broker.read = read
    await world.pass(30_000)

    expect(losses).toEqual(['bob', 'ada'])
  })

  it.each([
    ['refuses that', (name: string) => new BrokerUnavailableError('publish', name)],
    ['lets others write first', (name: string) => new ExpectationFailedError(name)],
    ['fails oddly', () => new Error('odd')],
  ])('gives a key back at the next check if the broker %s and stays up', async (_, errorOf) => {
    const [a, b] = [await world.open('a'), await world.open('b')]
    const claim = await a.claims.claim('room', 'ada', 'one')
    const append = a.broker.append.bind(a.broker)
    a.broker.append = (log) => Promise.reject(errorOf(log.name))
    claim.release()
    await world.pass(60_000)
    await expect(b.claims.claim('room', 'ada', 'two')).rejects.toThrow(PresenceKeyTakenError)
    a.broker.append = append

    await world.pass(30_000)

    await b.claims.claim('room', 'ada', 'two')
  })

  it('gives back a claim without an answer at the next check, and one that is held not', async () => {
    const [a, b] = [await world.open('a'), await world.open('b')]
    const append = a.broker.append.bind(a.broker)
    a.broker.append = async (topic, ...rest) => {
      await append(topic, ...rest)
      throw new PublishUncertainError(topic.name)
    }
    for (const key of ['ada', 'bob']) {
      await expect(a.claims.claim('room', key, 'one')).rejects.toThrow(BrokerUnavailableError)
    }
    a.broker.append = append
    await a.claims.claim('room', 'bob', 'one')

    await world.pass(30_000)

    await b.claims.claim('room', 'ada', 'two')
    await expect(b.claims.claim('room', 'bob', 'two')).rejects.toThrow(PresenceKeyTakenError)
  })

  it('a claim that arrives after it was given up takes no key', async () => {
    const [a, b] = [await world.open('a'), await world.open('b')]
    const append = a.broker.append.bind(a.broker)
    let arrive: () => Promise<unknown> = () => Promise.resolve()
    a.broker.append = (...all) => {
      arrive = () => append(...all)
      return Promise.reject(new PublishUncertainError(all[0].name))
    }
    await expect(a.claims.claim('room', 'ada', 'one')).rejects.toThrow(BrokerUnavailableError)
    a.broker.append = append
    await world.pass(30_000)

    await expect(arrive()).rejects.toThrow(ExpectationFailedError)

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
    claim.onLost(() => world.failures.push('lost'))

    world.log.restart({ lose: 1 })
    await settled()

    await expect(b.claims.claim('room', 'ada', 'two')).rejects.toThrow(PresenceKeyTakenError)
    expect(world.failures).toEqual([])
  })

  it('renews a key that is held for longer than its record is kept', async () => {
    const [a, b] = [await world.open('a'), await world.open('b')]
    const claim = await a.claims.claim('room', 'ada', 'one')
    claim.onLost(() => world.failures.push('lost'))

    for (let passed = 0; passed < 3 * KEYS_KIND.ageMs; passed += QUARTER_MS) {
      await world.pass(QUARTER_MS)
      await expect(b.claims.claim('room', 'ada', 'two')).rejects.toThrow(PresenceKeyTakenError)
    }
    expect(world.failures).toEqual([])
  })

  it('keeps the record of a key for an hour at most after it was given back', async () => {
    const { claims, broker } = await world.open('a')
    const claim = await claims.claim('room', 'ada', 'one')
    claim.release()
    await settled()

    await world.pass(4 * QUARTER_MS + 1)
    const other = await claims.claim('room', 'bob', 'one')
    other.release()
    await settled()

    const [ada, bob] = await broker.heads([keyLogOf('room', 'ada'), keyLogOf('room', 'bob')])
    expect(ada?.offset).toBe(0)
    expect(bob?.offset).toBeGreaterThan(0)
  })

  it('claims of many keys succeed while the records of others are forgotten', async () => {
    const { claims } = await world.open('a')
    const claimAll = (prefix: string): Promise<{ release: () => void }[]> =>
      Promise.all(Array.from({ length: 50 }, (_, n) => claims.claim('room', `${prefix}${n}`, 'x')))
    for (const claim of await claimAll('old')) claim.release()
    await settled()
    await world.pass(5 * QUARTER_MS)

    expect(await claimAll('new')).toHaveLength(50)
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
