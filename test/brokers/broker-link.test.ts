import { describe, expect, it } from 'vitest'
import {
  BrokerLink,
  type Connector,
  type LinkConnection,
  UnusableEngineError,
} from '../../src/brokers/broker-link.ts'
import { Deferred } from '../../src/base/internal.ts'
import { createTestEnvironment, settled } from '../../src/testing/test-environment.ts'
import { BrokerUnavailableError } from '../../src/topics/index.ts'
import { RecordingSink } from '../suites/brokers/harness.ts'

interface Line {
  readonly signal: AbortSignal
  readonly ended: (cause: unknown) => void
}

/** A link whose engine the test plays. */
function createWorld(connectAttempt: (attempt: number) => Promise<unknown> = async () => {}) {
  const environment = createTestEnvironment(1)
  const sink = new RecordingSink()
  const lines: Line[] = []
  const world = {
    probe: (): Promise<unknown> => Promise.resolve(),
    missing: 0,
    /** How long each step of restoring takes. */
    stepMs: 0,
  }
  const connector: Connector<LinkConnection> = {
    async connect(signal, ended) {
      lines.push({ signal, ended })
      await connectAttempt(lines.length)
      return { probe: () => world.probe() }
    },
    restore() {
      if (world.missing-- <= 0) return null
      const restored = new Deferred<void>()
      environment.timers.schedule(world.stepMs, () => void restored.resolve())
      return world.stepMs === 0 ? Promise.resolve() : restored.promise
    },
  }
  const link = new BrokerLink(connector, sink, environment)
  return { environment, sink, lines, world, link, clock: environment.clock }
}

const refuse = (): Promise<never> => Promise.reject(new Error('refused'))

describe('BrokerLink', () => {
  it('start() resolves when everything has been restored, and not before', async () => {
    const { link, sink, world } = createWorld()
    world.missing = 3

    await link.start()

    expect(world.missing).toBeLessThan(0)
    expect(sink.states.map(({ state }) => state)).toEqual(['connecting', 'up'])
  })

  it('an attempt that goes on restoring succeeds, however long all steps take together', async () => {
    const { link, sink, lines, world, clock } = createWorld()
    world.missing = 10
    world.stepMs = 9000

    const started = link.start()
    await clock.advance(91_000)

    await started
    expect(lines).toHaveLength(1)
    expect(sink.states.at(-1)).toEqual({ state: 'up' })
    link.close()
  })

  it('an attempt that stops restoring ends after 10 s', async () => {
    const { link, sink, lines, world, clock } = createWorld()
    world.missing = 2
    world.stepMs = 11_000

    void link.start()
    await clock.advance(10_000)

    expect(lines[0]?.signal.aborted).toBe(true)
    expect(sink.states.at(-1)).toMatchObject({ state: 'down' })
    link.close()
  })

  it('start() tries for ever, at most 3 s apart, while the engine cannot be reached', async () => {
    const { link, sink, lines, clock } = createWorld(refuse)
    void link.start()

    await clock.advance(300_000)

    expect(lines.length).toBeGreaterThan(100)
    expect(sink.states.map(({ state }) => state)).toEqual(['connecting', 'down'])
    link.close()
  })

  it('start() rejects when another attempt cannot succeed', async () => {
    const { link, sink, lines, clock } = createWorld(() =>
      Promise.reject(new UnusableEngineError('it is too old')),
    )

    await expect(link.start()).rejects.toThrow(UnusableEngineError)
    await clock.advance(60_000)

    expect(lines).toHaveLength(1)
    expect(sink.states.at(-1)).toEqual({ state: 'closed' })
  })

  it('start() rejects when the engine turns out to be unusable at a later attempt', async () => {
    const { link, sink, lines, clock } = createWorld((attempt) =>
      attempt < 3 ? refuse() : Promise.reject(new UnusableEngineError('it is too old')),
    )
    const started = Promise.allSettled([link.start()])
    await clock.advance(60_000)

    expect((await started)[0]).toMatchObject({ reason: { code: 'TOWPATH_BROKER_UNUSABLE' } })
    expect(lines).toHaveLength(3)
    expect(sink.states.map(({ state }) => state)).toEqual(['connecting', 'down', 'closed'])
  })

  it('an outage whose cause becomes an unusable engine says so, once, with its beginning', async () => {
    const unusable = new UnusableEngineError('it is too old')
    const { link, sink, lines, clock } = createWorld((attempt) => {
      if (attempt === 1) return Promise.resolve()
      return attempt === 2 ? refuse() : Promise.reject(unusable)
    })
    await link.start()
    const since = clock.now()

    lines[0]?.ended(null)
    await clock.advance(60_000)

    expect(sink.states.slice(2)).toEqual([
      { state: 'down', since, cause: new Error('The connection to the broker has ended') },
      { state: 'down', since, cause: unusable },
    ])
    link.close()
  })

  it('an engine that becomes unusable later is down, and tried again', async () => {
    const { link, sink, lines, clock } = createWorld((attempt) =>
      attempt === 2 ? Promise.reject(new UnusableEngineError('it is too old')) : Promise.resolve(),
    )
    await link.start()

    lines[0]?.ended(null)
    await clock.advance(1000)

    expect(sink.states.map(({ state }) => state)).toEqual([
      'connecting',
      'up',
      'down',
      'down',
      'up',
    ])
  })

  it('start() resolves when the link is closed before the first connection', async () => {
    const { link } = createWorld(() => new Promise(() => {}))
    const started = link.start()

    link.close()

    await expect(started).resolves.toBeUndefined()
  })

  it('an attempt that does not end within 10 s is given up', async () => {
    const { link, sink, lines, clock } = createWorld(() => new Promise(() => {}))
    void link.start()

    await clock.advance(10_000)

    expect(lines[0]?.signal.aborted).toBe(true)
    const cause = new Error('The broker has not answered for 10 s')
    expect(sink.states.at(-1)).toMatchObject({ state: 'down', cause })
    link.close()
  })

  it('T-27 an engine that answers no probe is down within 10 s', async () => {
    const { link, sink, lines, world, clock } = createWorld()
    await link.start()
    world.probe = () => new Promise(() => {})

    await clock.advance(10_000)

    expect(lines[0]?.signal.aborted).toBe(true)
    const cause = new Error('The broker has not answered for 5 s')
    expect(sink.states).toContainEqual(expect.objectContaining({ state: 'down', cause }))
    link.close()
  })

  it('an engine that fails as soon as it is up is tried at the pace of an outage', async () => {
    const { link, sink, lines, clock } = createWorld()
    await link.start()
    void sink.until(({ states }) => {
      if (states.at(-1)?.state === 'up') queueMicrotask(() => lines.at(-1)?.ended(null))
      return false
    })

    await clock.advance(60_000)

    expect(lines.length).toBeGreaterThan(20)
    expect(lines.length).toBeLessThan(80)
    link.close()
  })

  it('an engine that has answered a probe is tried again at once', async () => {
    const { link, sink, lines, clock } = createWorld((attempt) =>
      attempt > 1 && attempt < 8 ? refuse() : Promise.resolve(),
    )
    await link.start()
    lines[0]?.ended(null)
    await clock.advance(20_000)
    expect(sink.states.at(-1)?.state).toBe('up')

    lines.at(-1)?.ended(null)
    await clock.advance(100)

    expect(sink.states.at(-1)?.state).toBe('up')
    link.close()
  })

  it('an engine that answers its probes stays up', async () => {
    const { link, sink, lines, clock } = createWorld()
    await link.start()

    await clock.advance(600_000)

    expect(lines).toHaveLength(1)
    expect(sink.states.at(-1)).toEqual({ state: 'up' })
    link.close()
  })

  it('T-28 a request without an answer is rejected when the connection ends', async () => {
    const { link, lines } = createWorld()
    await link.start()
    const request = link.request('read', 'a', () => new Promise(() => {}))

    lines[0]?.ended(new Error('reset'))

    await expect(request).rejects.toMatchObject({
      code: 'TOWPATH_BROKER_UNAVAILABLE',
      topic: 'a',
      cause: new Error('reset'),
    })
    link.close()
  })

  it('T-28 a request that is never answered ends the connection, although probes are', async () => {
    const { link, lines, clock } = createWorld()
    await link.start()
    const request = link.request('read', 'a', () => new Promise(() => {}))
    const outcome = Promise.allSettled([request])
    await clock.advance(30_000)
    expect(lines[0]?.signal.aborted).toBe(false)

    await clock.advance(40_000)

    expect(lines[0]?.signal.aborted).toBe(true)
    expect((await outcome)[0]).toMatchObject({ reason: { code: 'TOWPATH_BROKER_UNAVAILABLE' } })
    link.close()
  })

  it('an answer after the end of its connection changes nothing', async () => {
    const { link, lines } = createWorld()
    await link.start()
    const late = new Deferred<string>()
    const request = link.request('read', null, () => late.promise)

    lines[0]?.ended(null)
    void late.resolve('late')

    await expect(request).rejects.toThrow(BrokerUnavailableError)
    link.close()
  })

  it('the end of an earlier connection does not end the one after it', async () => {
    const { link, sink, lines, clock } = createWorld()
    await link.start()
    lines[0]?.ended(null)
    await clock.advance(1000)

    lines[0]?.ended(null)
    await settled()

    expect(sink.states.at(-1)).toEqual({ state: 'up' })
    link.close()
  })

  it('close() ends the connection and every timer, and nothing is told afterwards', async () => {
    const { link, sink, lines, clock } = createWorld()
    await link.start()

    link.close()
    lines[0]?.ended(null)
    await clock.advance(60_000)

    expect(lines).toHaveLength(1)
    expect(lines[0]?.signal.aborted).toBe(true)
    expect(sink.states.at(-1)).toEqual({ state: 'closed' })
    await expect(link.request('read', null, () => Promise.resolve())).rejects.toThrow(
      BrokerUnavailableError,
    )
  })
})
