import { describe, expect, it } from 'vitest'
import { UnusableEngineError } from '../../src/brokers/broker-link.ts'
import { CloseReason, createApplication, Frame, WebSockets } from '../../src/index.ts'
import {
  type TestApplication,
  type TestSession,
  withTestApplication,
} from '../../src/testing/index.ts'
import {
  defineTopic,
  memoryBroker,
  MemoryLog,
  openTopics,
  Topics,
  type TopicsOfProcess,
  type TopicsOptions,
} from '../../src/topics/index.ts'
import { sparseBroker } from '../support/sparse-broker.ts'

const history = { size: 1000, age: 600_000 }
const kinds = {
  replay: defineTopic('replay/:name', { history }),
  latest: defineTopic('latest/:name', { history, lagging: 'latest' }),
  skip: defineTopic('skip/:name', { history, lagging: 'skip' }),
  close: defineTopic('close/:name', { history, lagging: 'close' }),
}
type Policy = keyof typeof kinds

/** A client of topic `x` of each kind, whose outgoing queue holds 4 frames. */
function serving(t: TestApplication): TopicsOfProcess {
  t.application.install(WebSockets, { channels: { outgoing: { capacity: 4 } } })
  const topics = t.application.install(Topics)
  const frame = ({ event, offset }: { event: unknown; offset: number | null }): string =>
    `${offset} ${JSON.stringify(event)}`
  t.application.routing((route) => {
    route.webSocket('/:policy', async (session) => {
      // The test asks for nothing else.
      const kind = kinds[session.call.parameters.policy as Policy]
      await topics.topic(kind, { name: 'x' }).subscribe(session, {
        frame,
        gap: ({ after, before, missed, reason }) => `gap ${after} ${before} ${missed} ${reason}`,
        skipped: ({ count }) => `skipped ${count}`,
      })
      await session.closed
    })
    route.webSocket('/silent', async (session) => {
      await topics.topic(kinds.skip, { name: 'x' }).subscribe(session, { frame })
      await session.closed
    })
  })
  return topics
}

const PADDING = 'x'.repeat(8000)

async function publishAll(
  t: TestApplication,
  topics: TopicsOfProcess,
  policy: Policy,
): Promise<void> {
  // The handler subscribes.
  await t.settle()
  for (let n = 1; n <= 300; n++) {
    const event = { key: n % 3, n, PADDING }
    await topics.topic(kinds[policy], { name: 'x' }).publish(event, { key: `${n % 3}` })
    if (n % 10 === 0) await t.clock.advance(1)
  }
}

function text(frame: Frame): string {
  return frame instanceof Frame.Text ? frame.readText() : ''
}

async function next(t: TestApplication, session: TestSession): Promise<Frame> {
  const received = session.incoming.receive()
  await t.clock.advance(1)
  return received
}

describe('Topics', () => {
  it('T-40 T-41 replay: a slow subscriber delays nobody, holds no events, and receives all of them', async () => {
    await withTestApplication(async (t) => {
      const topics = serving(t)
      const slow = await t.connect('/replay')
      const quick = await t.connect('/replay')
      slow.network.slowReader()
      const seen: string[] = []
      quick
        .launch(async () => {
          for await (const frame of quick.incoming) seen.push(text(frame))
        })
        .catch(() => {})

      await publishAll(t, topics, 'replay')
      expect(seen).toHaveLength(300)

      slow.network.slowReader(false)
      const caught: string[] = []
      for (let n = 1; n <= 300; n++) {
        caught.push(text(await next(t, slow)))
      }
      expect(caught).toEqual(seen)
    })
  })

  it('T-42 latest: a slow subscriber ends with the newest event of each key, and a count', async () => {
    await withTestApplication(async (t) => {
      const topics = serving(t)
      const slow = await t.connect('/latest')
      slow.network.slowReader()
      await publishAll(t, topics, 'latest')

      slow.network.slowReader(false)
      const all: string[] = []
      for (let frame = ''; !frame.startsWith('300 '); all.push(frame)) {
        frame = text(await next(t, slow))
      }

      const skipped = all.findIndex((frame) => frame.startsWith('skipped '))
      expect(all.slice(skipped + 1).map((frame) => frame.split(' ')[0])).toEqual([
        '298',
        '299',
        '300',
      ])
      expect(all[skipped]).toBe(`skipped ${300 - 3 - skipped}`)
    })
  })

  it('T-43 skip: a slow subscriber goes on at the newest event, with a gap', async () => {
    await withTestApplication(async (t) => {
      const topics = serving(t)
      const slow = await t.connect('/skip')
      slow.network.slowReader()
      await publishAll(t, topics, 'skip')

      slow.network.slowReader(false)
      const all: string[] = []
      for (let frame = ''; !frame.startsWith('gap '); all.push(frame)) {
        frame = text(await next(t, slow))
      }
      await topics.topic(kinds.skip, { name: 'x' }).publish('later')

      expect(all.at(-1)).toBe(`gap ${all.length - 1} 301 ${301 - all.length} lagging`)
      expect(text(await next(t, slow))).toBe('301 "later"')
    })
  })

  it('T-44 close: a slow subscriber is closed with 4101, and no longer counted', async () => {
    await withTestApplication(async (t) => {
      const topics = serving(t)
      const lagging: string[] = []
      topics.monitor.on('subscriberLags', ({ topic }) => lagging.push(topic))
      const slow = await t.connect('/close')
      slow.network.slowReader()
      await publishAll(t, topics, 'close')
      slow.network.slowReader(false)
      await t.clock.advance(1000)

      while ((await slow.incoming.receiveCatching()).type === 'value');
      expect(await slow.closeReason).toEqual(new CloseReason(4101, 'Too slow'))
      expect(lagging).toEqual(['close/x'])
      expect(topics.topic(kinds.close, { name: 'x' }).here).toBe(0)
    })
  })

  it('a session that cannot be told of a gap is closed with 4102', async () => {
    await withTestApplication(async (t) => {
      const topics = serving(t)
      const slow = await t.connect('/silent')
      slow.network.slowReader()
      await publishAll(t, topics, 'skip')
      slow.network.slowReader(false)
      await t.clock.advance(1000)

      while ((await slow.incoming.receiveCatching()).type === 'value');
      expect(await slow.closeReason).toEqual(new CloseReason(4102, 'Missed events'))
    })
  })

  it('openTopics() opens topics without an application, and closes them', async () => {
    const topics = await openTopics({ namespace: 'job' })
    expect(topics.broker.state).toBe('up')
    await topics.close()
    expect(topics.broker.state).toBe('closed')
  })

  it('an outage of the broker is one warning, and one line when it is over', async () => {
    const lines: string[] = []
    const logger = {
      debug() {},
      info: (_facts: object, message: string) => lines.push(`info: ${message}`),
      warn: (_facts: object, message: string) => lines.push(`warn: ${message}`),
      error: (_facts: object, message: string) => lines.push(`error: ${message}`),
    }
    const log = new MemoryLog()
    await using topics = await openTopics({ broker: memoryBroker({ log }), logger })
    log.cut()
    log.cut()
    log.mend()
    await topics.close()

    expect(lines).toEqual([
      'warn: The broker of topics is down',
      'warn: The broker of topics is up again',
    ])
  })

  it('serve() logs one warning without a secret, if other processes may be on the broker', async () => {
    const lines: string[] = []
    const ignore = (): void => {}
    const warn = (_facts: object, message: string): void => void lines.push(message)
    const logger = { debug: ignore, info: ignore, warn, error: ignore }
    const serve = async (options: TopicsOptions): Promise<void> => {
      const app = createApplication(() => {}, { logger })
      app.install(WebSockets)
      const topics = app.install(Topics, options)
      app.routing((route) => {
        topics.serve(route, '/live')
        topics.serve(route, '/other')
      })
      await topics.close()
    }
    await serve({})
    await serve({ broker: memoryBroker({ log: new MemoryLog() }) })
    await serve({ broker: sparseBroker(memoryBroker()), secret: 'a secret of all processes' })
    await (await openTopics({ broker: sparseBroker(memoryBroker()), logger })).close()
    expect(lines).toEqual([])

    await serve({ broker: sparseBroker(memoryBroker()) })

    expect(lines).toEqual([expect.stringContaining('Topics have no option "secret": ')])
  })

  it('openTopics() refuses an option that is invalid', async () => {
    await expect(openTopics({ namespace: 'a b' })).rejects.toThrow(TypeError)
    await expect(openTopics({ secret: 'short' })).rejects.toThrow(TypeError)
    // @ts-expect-error there is no such option
    await expect(openTopics({ nmespace: 'a' })).rejects.toThrow(TypeError)
  })

  it('ready rejects for a broker that cannot be used, which is logged once', async () => {
    const unusable = new UnusableEngineError('Redis refuses the credentials')
    const broker = memoryBroker()
    broker.open = () => Promise.reject(unusable)
    const logged: unknown[] = []
    const ignore = (): void => {}
    const logger = {
      debug: ignore,
      info: ignore,
      warn: ignore,
      error: (...line: unknown[]) => void logged.push(line),
    }
    const topics = createApplication(() => {}, { logger }).install(Topics, { broker })

    await expect(topics.ready).rejects.toMatchObject({ code: 'TOWPATH_BROKER_UNUSABLE' })
    expect(logged).toHaveLength(1)
  })

  it('ready resolves when the broker is up, or the topics are closed', async () => {
    const { ready } = await openTopics()
    await ready
    const broker = memoryBroker()
    broker.open = () => new Promise(() => {})
    const topics = createApplication(() => {}).install(Topics, { broker })

    await topics.close()

    await topics.ready
  })
})
