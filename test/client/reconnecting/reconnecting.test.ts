import { describe, expect, it } from 'vitest'

import type { Application, WebSocketHandler } from '../../../src/application/index.ts'
import { WebSockets } from '../../../src/application/index.ts'
import type { Clock } from '../../../src/base/index.ts'
import { Deferred, rejected } from '../../../src/base/internal.ts'
import type { ClientSession, WebSocketClientSession } from '../../../src/client/index.ts'
import type { ConnectionState } from '../../../src/client/reconnecting/reconnect-state.ts'
import type { Reconnecting } from '../../../src/client/reconnecting/reconnecting.ts'
import { CloseReason, Frame } from '../../../src/protocol/index.ts'
import { withTestApplication } from '../../../src/testing/index.ts'
import { createSeededRandom } from '../../../src/testing/seeded-random.ts'
import { reconnecting, TestHints } from '../../support/reconnecting.ts'
import { letsLoopTurn } from '../../support/turns.ts'

type Connection = Reconnecting<WebSocketClientSession>

const echo: WebSocketHandler = async ({ incoming, send }) => {
  for await (const frame of incoming) await send(frame)
}

/** An application with one route, `/`. */
function serving(handler: WebSocketHandler) {
  return (app: Application): void => {
    app.install(WebSockets)
    app.routing((route) => void route.webSocket('/', handler))
  }
}

/** Everything that the state has been, as far as it goes. */
function watch(connection: Connection): Array<ConnectionState['type']> {
  const seen: Array<ConnectionState['type']> = []
  void (async () => {
    for await (const { type } of connection.states()) seen.push(type)
  })()
  return seen
}

async function receiveText(connection: Connection): Promise<string> {
  const frame = await connection.incoming.receive()
  return frame instanceof Frame.Text ? frame.readText() : ''
}

/** The state, which has to be of that type. */
function stateOf<Type extends ConnectionState['type']>(
  connection: Connection,
  type: Type,
): Extract<ConnectionState<WebSocketClientSession>, { type: Type }> {
  const { state } = connection
  expect(state.type).toBe(type)
  return state as Extract<typeof state, { type: Type }> // by the line above
}

const isOpen = (connection: Connection): boolean => connection.state.type === 'open'

describe('a connection that comes back', () => {
  it('connects at once, and is one session after another', async () => {
    await withTestApplication(serving(echo), async (t) => {
      const connection = reconnecting(t)
      const seen = watch(connection)
      expect(stateOf(connection, 'connecting')).toEqual({
        type: 'connecting',
        attempt: 1,
        setback: null,
      })

      const first = await connection.whenOpen()
      await connection.send('one')
      expect(await receiveText(connection)).toBe('one')
      t.network.reset()
      await t.settle()
      const waiting = stateOf(connection, 'waiting')
      expect(waiting.setback.info?.reason.code).toBe(1006)
      expect(waiting.setback.error).toBeNull()
      expect(waiting.retryAt - t.clock.now()).toBe(waiting.delay)
      await t.clock.advance({ seconds: 1 })

      const second = await connection.whenOpen()
      expect(second).not.toBe(first)
      await connection.send('two')
      expect(await receiveText(connection)).toBe('two')
      await connection.close()
      await t.settle()
      expect(seen).toEqual(['connecting', 'open', 'waiting', 'connecting', 'open', 'closed'])
      expect(await connection.closed).toMatchObject({ why: 'closed', cause: null, unsent: 0 })
    })
  })

  it('survives a server that is away for a while, which refuses connections meanwhile', async () => {
    await withTestApplication(serving(echo), async (t) => {
      const connection = reconnecting(t)
      await connection.whenOpen()

      t.network.refuse()
      t.network.reset()
      await t.clock.advance({ seconds: 60 })
      const waiting = connection.state
      t.network.refuse(false)
      await t.clock.advance({ seconds: 30 })

      expect(waiting.type).toMatch(/waiting|connecting/)
      expect(stateOf(connection, 'open').attempt).toBeGreaterThan(4)
      await connection.close()
    })
  })

  it('survives a network that flaps', async () => {
    await withTestApplication(serving(echo), async (t) => {
      const connection = reconnecting(t, { reconnect: { baseDelay: 100, resetAfter: 1_000 } })
      for (let round = 0; round < 50; round++) {
        t.network.reset()
        await t.clock.advance(1_000)
      }
      await t.clock.advance(30_000)

      expect(isOpen(connection)).toBe(true)
      await connection.send('still there')
      expect(await receiveText(connection)).toBe('still there')
      await connection.close()
    })
  })

  it('finds out about a network that is gone without a word, by pings', async () => {
    await withTestApplication(serving(echo), async (t) => {
      const connection = reconnecting(
        t,
        {},
        {
          open: (signal) =>
            t.client.openWebSocket('ws://localhost/', {
              signal,
              pingPeriod: 5_000,
              timeout: 2_000,
            }),
        },
      )
      const first = await connection.whenOpen()
      t.network.halfOpen()
      await t.clock.advance(7_000)
      const { setback } = stateOf(connection, 'waiting')
      expect(setback.info?.cause).toMatchObject({ code: 'TOWPATH_PING_TIMEOUT' })

      t.network.restore()
      await t.clock.advance(30_000)

      expect(stateOf(connection, 'open').session).not.toBe(first)
      await connection.close()
    })
  })

  it('asks a server that accepts and hangs up at once less and less often', async () => {
    let sessions = 0
    const hangUp: WebSocketHandler = async ({ close }) => {
      sessions++
      await close(new CloseReason(CloseReason.Codes.GOING_AWAY))
    }
    await withTestApplication(serving(hangUp), async (t) => {
      const connection = reconnecting(t)

      await t.clock.advance({ seconds: 30 })
      const inHalfAMinute = sessions
      await t.clock.advance({ minutes: 10 })

      expect(inHalfAMinute).toBeLessThan(12)
      // 15 seconds on average.
      expect(sessions - inHalfAMinute).toBeLessThan(60)
      expect(sessions - inHalfAMinute).toBeGreaterThan(25)
      await connection.close()
    })
  })

  it('begins with short waits again after a session that lasted', async () => {
    await withTestApplication(serving(echo), async (t) => {
      const connection = reconnecting(t, { reconnect: { jitter: 0 } })
      t.network.refuse()
      await t.clock.advance(20_000)
      expect(stateOf(connection, 'waiting').delay).toBeGreaterThan(8_000)
      t.network.refuse(false)
      await t.clock.advance(30_000)

      await t.clock.advance(10_000)
      t.network.reset()
      await t.settle()

      expect(stateOf(connection, 'waiting')).toMatchObject({ attempt: 1, delay: 1_000 })
      await connection.close()
    })
  })

  it('comes back one by one, so that no moment has them all', async () => {
    await withTestApplication(serving(echo), async (t) => {
      const connections = Array.from({ length: 1_000 }, (_, seed) => reconnecting(t, {}, { seed }))
      await t.settle()
      expect(connections.every(isOpen)).toBe(true)
      t.network.reset()
      await t.settle()

      const counts: number[] = []
      for (let tenth = 0; tenth < 10; tenth++) {
        await t.clock.advance(100)
        counts.push(connections.filter(isOpen).length)
      }

      const together = counts.map((count, index) => count - (counts[index - 1] ?? 0))
      expect(counts.at(-1)).toBe(1_000)
      // 100 each on average; 5 standard deviations are 47.
      for (const count of together) expect(Math.abs(count - 100)).toBeLessThan(50)
      await Promise.all(connections.map((each) => each.close()))
    })
  })
})

describe('whatever the network does', () => {
  it.each(Array.from({ length: 30 }, (_, seed) => seed + 1))(
    'sends no message twice, keeps their order, and ends once (seed %d)',
    async (seed) => {
      const random = createSeededRandom(seed)
      const draw = (below: number): number => (random(new Uint8Array(1))[0] ?? 0) % below
      const sessions: number[][] = []
      const collect: WebSocketHandler = async ({ incoming, send, close }) => {
        const arrived: number[] = []
        sessions.push(arrived)
        for await (const frame of incoming) {
          if (!(frame instanceof Frame.Text)) continue
          arrived.push(Number(frame.readText()))
          await send(frame)
          if (draw(20) === 0) await close(new CloseReason(CloseReason.Codes.INTERNAL_ERROR))
        }
      }
      await withTestApplication(serving(collect), async (t) => {
        const connection = reconnecting(
          t,
          {
            whileAway: { keep: { frames: 20 } },
            reconnect: { baseDelay: 50, maxDelay: 500, resetAfter: 100 },
            heartbeat: { period: { milliseconds: 300 }, timeout: { milliseconds: 200 } },
            attemptTimeout: { milliseconds: 400 },
          },
          { seed },
        )
        const seen = watch(connection)
        const echoed: number[] = []
        void connection.incoming.consumeEach((frame) => {
          if (frame instanceof Frame.Text) echoed.push(Number(frame.readText()))
        })
        const faults = [
          () => t.network.reset(),
          () => t.network.halfOpen(),
          () => t.network.refuse(),
          () => t.network.delay(draw(100)),
          () => t.network.cut('random'),
          () => t.network.resetAfter(draw(200)),
        ]
        const refused: number[] = []
        for (let message = 0; message < 300; message++) {
          void connection.send(String(message)).catch(() => refused.push(message))
          if (draw(8) === 0) faults[draw(faults.length)]?.()
          if (draw(3) === 0) t.network.restore()
          await t.clock.advance(draw(60))
        }
        t.network.restore()
        await t.clock.advance(2_000)
        const { unsent } = await connection.close().then(() => connection.closed)

        // Strictly increasing. (Frames of a lost session may arrive after those of the next
        // session.)
        for (const list of [...sessions, echoed]) {
          expect(list).toEqual([...new Set(list)].sort((a, b) => a - b))
        }
        const arrived = sessions.flat()
        expect(new Set(arrived).size).toBe(arrived.length)
        expect(arrived.length).toBeGreaterThan(20)
        expect(echoed.every((each) => arrived.includes(each))).toBe(true)
        expect(refused.filter((each) => arrived.includes(each))).toEqual([])
        expect(unsent).toBe(0)
        await t.settle()
        expect(seen.filter((type) => type === 'closed')).toHaveLength(1)
        expect(seen.at(-1)).toBe('closed')
      })
    },
  )
})

describe('endings that are final', () => {
  it('ends normally when the server closes with 1000', async () => {
    const bye: WebSocketHandler = async ({ send }) => send('bye')
    await withTestApplication(serving(bye), async (t) => {
      const connection = reconnecting(t)

      expect(await connection.incoming.toArray()).toHaveLength(1)

      const end = await connection.closed
      expect(end).toMatchObject({ why: 'final', cause: null })
      expect(end.setback?.info?.reason.code).toBe(1000)
      expect(stateOf(connection, 'closed').end).toBe(end)
    })
  })

  it('fails when the server says that we are the trouble', async () => {
    const refuse: WebSocketHandler = ({ close }) =>
      close(new CloseReason(CloseReason.Codes.VIOLATED_POLICY, 'no'))
    await withTestApplication(serving(refuse), async (t) => {
      const connection = reconnecting(t)

      await expect(connection.incoming.receive()).rejects.toMatchObject({
        code: 'TOWPATH_CONNECTION_LOST',
        why: 'final',
        setback: { info: { reason: { code: 1008, message: 'no' } } },
      })

      const { why, cause } = await connection.closed
      expect(why).toBe('final')
      await expect(connection.send('x')).rejects.toMatchObject({
        code: 'TOWPATH_CLOSED_SEND_CHANNEL',
        cause,
      })
      await expect(connection.whenOpen()).rejects.toBe(cause)
      await expect(connection.close()).resolves.toBeUndefined()
    })
  })

  it('lets the event loop turn in a loop of whenOpen() after the end', async () => {
    await withTestApplication(serving(echo), async (t) => {
      const connection = reconnecting(t)
      await connection.whenOpen()
      await connection.close()

      expect(await letsLoopTurn(() => connection.whenOpen())).toBe(true)
    })
  })

  it('fails when the upgrade is refused for good', async () => {
    await withTestApplication(serving(echo), async (t) => {
      const connection = reconnecting(t, {}, { path: '/elsewhere' })

      const { why, setback, cause } = await connection.closed

      expect(why).toBe('final')
      expect(setback?.error).toMatchObject({ code: 'TOWPATH_UPGRADE_REFUSED', status: 404 })
      expect(cause?.cause).toBe(setback?.error)
      expect(t.clock.now()).toBe(0)
    })
  })

  it('fails at once with a mistake in what it was given', async () => {
    await withTestApplication(serving(echo), async (t) => {
      const connection = reconnecting(t, {}, { open: () => t.client.openWebSocket('http//') })

      const { why, setback } = await connection.closed

      expect(why).toBe('final')
      expect(setback?.error).toBeInstanceOf(TypeError)
    })
  })

  it('tries again when whither could not be found out, with a TypeError too', async () => {
    await withTestApplication(serving(echo), async (t) => {
      let failures = 2
      const connection = reconnecting(
        t,
        {},
        {
          prepare: async () => {
            if (failures-- > 0) return Promise.reject(new TypeError('fetch failed'))
          },
        },
      )

      await t.settle()
      expect(stateOf(connection, 'waiting').setback.error).toBeInstanceOf(TypeError)
      await t.clock.advance(3_000)

      expect(stateOf(connection, 'open').attempt).toBe(3)
      await connection.close()
    })
  })

  it('does as shouldReconnect says, and as the table where that says nothing', async () => {
    const codes = [4401, 1008, 4001]
    const close: WebSocketHandler = async (session) => {
      await session.close(new CloseReason(codes.shift() ?? 1000))
    }
    await withTestApplication(serving(close), async (t) => {
      const asked: Array<[number | undefined, number]> = []
      const connection = reconnecting(t, {
        reconnect: {
          shouldReconnect: ({ info }, attempt) => {
            asked.push([info?.reason.code, attempt])
            if (info?.reason.code === 4401) return true
            return info?.reason.code === 1008 ? true : undefined
          },
        },
      })
      await t.clock.advance({ minutes: 5 })

      expect(asked).toEqual([
        [4401, 1],
        [1008, 2],
        [4001, 3],
        [1000, 4],
      ])
      expect((await connection.closed).why).toBe('final')
    })
  })

  it('ends when shouldReconnect says no, or fails', async () => {
    await withTestApplication(serving(echo), async (t) => {
      t.network.refuse()
      const broken = new Error('broken')

      const no = reconnecting(t, { reconnect: { shouldReconnect: () => false } })
      const thrower = reconnecting(t, {
        reconnect: {
          shouldReconnect: () => {
            throw broken
          },
        },
      })

      expect(await no.closed).toMatchObject({
        why: 'final',
        setback: { error: { code: 'TOWPATH_CONNECT' } },
      })
      expect((await thrower.closed).cause).toBe(broken)
    })
  })

  it.each<[string, () => unknown, string]>([
    ['a promise', () => Promise.resolve(false), 'a promise'],
    ['a promise that rejects', () => rejected(new Error('no')), 'a promise'],
    ['a word', () => 'no', 'a string'],
  ])(
    'ends with a TypeError when shouldReconnect returns %s, which would count as yes',
    async (_, answer, is) => {
      await withTestApplication(serving(echo), async (t) => {
        t.network.refuse()
        const connection = reconnecting(t, {
          // From JavaScript it may return anything.
          reconnect: { shouldReconnect: answer as () => boolean },
        })

        const { why, cause } = await connection.closed

        expect(why).toBe('final')
        expect(cause).toBeInstanceOf(TypeError)
        expect(cause?.message).toBe(
          `Cannot reconnect: shouldReconnect returned ${is}, expected true, false or undefined`,
        )
      })
    },
  )

  it('is closed when shouldReconnect closes it, whatever that returns', async () => {
    await withTestApplication(serving(echo), async (t) => {
      t.network.refuse()
      const connection = reconnecting(t, {
        reconnect: {
          maxAttempts: 1,
          shouldReconnect: () => {
            void connection.close()
            return true
          },
        },
      })

      expect(await connection.closed).toMatchObject({ why: 'closed', cause: null })
      expect(t.clock.pendingTimers).toBe(0)
    })
  })

  it('has no setback when it is closed while it is open, whatever has happened before', async () => {
    await withTestApplication(serving(echo), async (t) => {
      const connection = reconnecting(t)
      await connection.whenOpen()
      t.network.reset()
      await t.clock.advance({ seconds: 1 })
      expect(isOpen(connection)).toBe(true)

      await connection.close()

      expect(await connection.closed).toMatchObject({ why: 'closed', setback: null })
    })
  })

  it('ends when all attempts are used up', async () => {
    await withTestApplication(serving(echo), async (t) => {
      t.network.refuse()
      const connection = reconnecting(t, { reconnect: { maxAttempts: 4 } })

      await t.clock.advance({ minutes: 1 })

      const { why, cause } = await connection.closed
      expect(why).toBe('exhausted')
      expect(cause).toMatchObject({ code: 'TOWPATH_CONNECTION_LOST', why: 'exhausted' })
      await expect(connection.incoming.receive()).rejects.toBe(cause)
    })
  })

  it('ends when all the time is used up', async () => {
    await withTestApplication(serving(echo), async (t) => {
      t.network.refuse()
      const connection = reconnecting(t, { reconnect: { maxElapsed: { seconds: 20 } } })

      await t.clock.advance({ seconds: 20 })

      expect((await connection.closed).why).toBe('exhausted')
      expect(t.clock.now()).toBeLessThanOrEqual(20_000)
    })
  })
})

describe('what the server asks for', () => {
  it('stays away as long as Retry-After says', async () => {
    await withTestApplication(serving(echo), async (t) => {
      let refusals = 1
      t.application.routing((route) =>
        route.intercept(() => {
          if (refusals-- <= 0) return undefined
          return new Response('busy', { status: 503, headers: { 'retry-after': '20' } })
        }),
      )
      const connection = reconnecting(t, {}, { hints: new TestHints() })
      await t.settle()

      const waiting = stateOf(connection, 'waiting')
      expect(waiting.delay).toBeGreaterThanOrEqual(20_000)
      expect(waiting.delay).toBeLessThanOrEqual(21_000)
      await t.clock.advance(19_999)
      expect(isOpen(connection)).toBe(false)
      await t.clock.advance(1_001)
      expect(isOpen(connection)).toBe(true)
      await connection.close()
    })
  })

  it('does not stay away for thirty thousand years', async () => {
    await withTestApplication(serving(echo), async (t) => {
      t.application.routing((route) =>
        route.intercept(
          () =>
            new Response('go away', { status: 429, headers: { 'retry-after': '1'.repeat(400) } }),
        ),
      )
      const connection = reconnecting(t)
      await t.settle()

      expect(stateOf(connection, 'waiting').delay).toBeLessThanOrEqual(301_000)
      await connection.close()
    })
  })

  it('comes back when a stopping server has said, spread as that has spread it', async () => {
    await withTestApplication(serving(echo), (next) =>
      withTestApplication(serving(echo), async (t) => {
        let isStopped = false
        const open = (signal: AbortSignal): Promise<WebSocketClientSession> =>
          (isStopped ? next : t).client.openWebSocket('ws://localhost/', { signal })
        const connections = Array.from({ length: 1_000 }, (_, seed) =>
          reconnecting(t, {}, { seed, open }),
        )
        await t.settle()
        expect(connections.every(isOpen)).toBe(true)

        void t.application.stop({ grace: 0, reconnectWithin: { minutes: 1 } })
        isStopped = true
        await t.settle()
        const counts: number[] = []
        for (let round = 0; round < 7; round++) {
          await t.clock.advance(10_000)
          counts.push(connections.filter(isOpen).length)
        }

        const together = counts.map((count, index) => count - (counts[index - 1] ?? 0))
        expect(counts.at(-1)).toBe(1_000)
        // 167 each on average, a little less at first; 5 standard deviations are 59.
        for (const count of together.slice(0, 6)) expect(Math.abs(count - 160)).toBeLessThan(65)
        await Promise.all(connections.map((each) => each.close()))
      }),
    )
  })

  it('is told by a server that is still stopping to come back later', async () => {
    await withTestApplication(serving(echo), async (t) => {
      void t.application.stop({ reconnectWithin: { minutes: 1 } })
      const connection = reconnecting(t)
      await t.settle()

      const { setback, delay } = stateOf(connection, 'waiting')
      expect(setback.error).toMatchObject({ status: 503 })
      expect(delay).toBeLessThanOrEqual(61_000)
      await connection.close()
    })
  })
})

describe('opened', () => {
  it('runs on every session before kept frames go out and before anything is shown', async () => {
    const received: string[] = []
    const greet: WebSocketHandler = async ({ incoming, send }) => {
      await send('challenge')
      await send('first')
      for await (const frame of incoming) {
        if (frame instanceof Frame.Text) received.push(frame.readText())
      }
    }
    await withTestApplication(serving(greet), async (t) => {
      const facts: object[] = []
      const connection = reconnecting(t, {
        whileAway: { keep: {} },
        opened: async (session, { attempt, isReconnect }) => {
          const challenge = await session.incoming.receive()
          facts.push({ attempt, isReconnect, challenge: String(challenge) })
          await session.send('answer')
        },
      })
      await connection.send('kept')

      expect(await receiveText(connection)).toBe('first')
      await t.clock.advance(10_000)
      t.network.reset()
      await t.settle()
      await connection.send('kept too')
      await t.clock.advance(1_000)
      expect(await receiveText(connection)).toBe('first')

      expect(received).toEqual(['answer', 'kept', 'answer', 'kept too'])
      const challenge = String(new Frame.Text('challenge'))
      expect(facts).toEqual([
        { attempt: 1, isReconnect: false, challenge },
        { attempt: 1, isReconnect: true, challenge },
      ])
      await connection.close()
    })
  })

  it('fails the attempt when it fails, and lets the session go', async () => {
    await withTestApplication(serving(echo), async (t) => {
      const sessions: ClientSession[] = []
      const failure = new Error('not today')
      const connection = reconnecting(t, {
        reconnect: { maxAttempts: 2 },
        opened: (session) => {
          sessions.push(session)
          throw failure
        },
      })
      await t.clock.advance(2_000)

      const { why, setback } = await connection.closed
      expect(why).toBe('exhausted')
      expect(setback).toEqual({ info: null, error: failure })
      expect(sessions).toHaveLength(2)
      for (const each of sessions) expect((await each.closed).local?.code).toBe(1000)
      expect(t.application.sessions.size).toBe(0)
    })
  })

  it('knows why the session ended that it worked on', async () => {
    const refuse: WebSocketHandler = async ({ incoming, close }) => {
      await incoming.receive()
      await close(new CloseReason(4401, 'who are you?'))
    }
    await withTestApplication(serving(refuse), async (t) => {
      const asking = reconnecting(t, {
        opened: async (session) => {
          await session.send('password')
          await session.incoming.receive()
        },
      })
      const waiting = reconnecting(t, {
        opened: async (session) => {
          await session.send('password')
          await new Deferred().promise
        },
      })
      await t.settle()

      expect(await asking.closed).toMatchObject({
        why: 'final',
        setback: {
          info: { reason: { code: 4401 } },
          error: { code: 'TOWPATH_CLOSED_RECEIVE_CHANNEL' },
        },
      })
      expect(await waiting.closed).toMatchObject({
        why: 'final',
        setback: { info: { reason: { code: 4401 } }, error: null },
      })
    })
  })
})

/** As what it is told that somebody hangs. */
const STEP_OF = { prepare: 'url', open: 'handshake', opened: 'opened' }

describe('deadlines', () => {
  it.each(['prepare', 'open', 'opened'] as const)(
    'gives up an attempt that hangs in %s',
    async (step) => {
      await withTestApplication(serving(echo), async (t) => {
        const never = new Deferred<never>().promise
        const connection = reconnecting(
          t,
          {
            attemptTimeout: 3_000,
            reconnect: { maxAttempts: 1 },
            opened: () => (step === 'opened' ? never : undefined),
          },
          {
            prepare: () => (step === 'prepare' ? never : Promise.resolve()),
            ...(step === 'open' ? { open: () => never } : {}),
          },
        )
        await t.clock.advance(2_999)
        expect(connection.state.type).toBe('connecting')
        await t.clock.advance(1)

        expect(await connection.closed).toMatchObject({
          why: 'exhausted',
          setback: { error: { code: 'TOWPATH_CONNECT', step: STEP_OF[step] } },
        })
        await t.settle()
        expect(t.application.sessions.size).toBe(0)
      })
    },
  )

  it('has no deadline when told so', async () => {
    await withTestApplication(serving(echo), async (t) => {
      const go = new Deferred<void>()
      const connection = reconnecting(t, { attemptTimeout: null, opened: () => go.promise })

      await t.clock.advance({ hours: 1 })
      expect(connection.state.type).toBe('connecting')
      go.resolve()
      await t.settle()

      expect(isOpen(connection)).toBe(true)
      await connection.close()
    })
  })

  it('closes a session that comes after its attempt was given up', async () => {
    await withTestApplication(serving(echo), async (t) => {
      const late = new Deferred<void>()
      const opened = new Deferred<WebSocketClientSession>()
      const connection = reconnecting(
        t,
        {},
        {
          open: async () => {
            await late.promise
            const session = await t.client.openWebSocket('ws://localhost/')
            opened.resolve(session)
            return session
          },
        },
      )
      await t.settle()
      await connection.close()

      late.resolve()

      expect((await (await opened.promise).closed).local?.code).toBe(1000)
    })
  })
})

describe('close()', () => {
  it('closes the session that is open, with its reason, and shows what still comes', async () => {
    const lastWords: WebSocketHandler = async ({ incoming, send }) => {
      await send('one')
      await incoming.receive()
      await send('two')
    }
    await withTestApplication(serving(lastWords), async (t) => {
      const connection = reconnecting(t)
      const session = await connection.whenOpen()
      await connection.send('go on')

      const closed = connection.close(new CloseReason(4000, 'enough'))
      await expect(connection.send('more')).rejects.toMatchObject({
        code: 'TOWPATH_CLOSED_SEND_CHANNEL',
      })
      const texts: string[] = []
      for await (const frame of connection.incoming) {
        if (frame instanceof Frame.Text) texts.push(frame.readText())
      }
      await closed

      expect(texts).toEqual(['one', 'two'])
      expect((await session.closed).local).toEqual(new CloseReason(4000, 'enough'))
      expect(await connection.closed).toEqual({
        why: 'closed',
        setback: null,
        cause: null,
        unsent: 0,
      })
      await expect(connection.whenOpen()).rejects.toMatchObject({
        code: 'TOWPATH_CLOSED_RECEIVE_CHANNEL',
      })
    })
  })

  it('gives up an attempt', async () => {
    await withTestApplication(serving(echo), async (t) => {
      t.network.halfOpen()
      const connection = reconnecting(t)
      await t.settle()

      await connection.close()

      expect(connection.state.type).toBe('closed')
      expect(t.clock.now()).toBe(0)
    })
  })

  it('gives up what opened() is doing', async () => {
    await withTestApplication(serving(echo), async (t) => {
      let signal: AbortSignal | null = null
      const connection = reconnecting(t, {
        opened: async (_, facts) => {
          signal = facts.signal
          await new Deferred().promise
        },
      })
      await t.settle()

      await connection.close()

      expect(connection.state.type).toBe('closed')
      expect(signal).toMatchObject({ aborted: true })
      await t.settle()
      expect(t.application.sessions.size).toBe(0)
    })
  })

  it('gives up a wait, and leaves no timer', async () => {
    await withTestApplication(serving(echo), async (t) => {
      t.network.refuse()
      const connection = reconnecting(t, { whileAway: { keep: {} } })
      await t.settle()
      expect(connection.state.type).toBe('waiting')
      await connection.send('kept')

      await connection.close()

      expect(await connection.closed).toMatchObject({
        why: 'closed',
        unsent: 1,
        setback: { error: { code: 'TOWPATH_CONNECT' } },
      })
      expect(t.clock.pendingTimers).toBe(0)
    })
  })

  it('does not wait longer than the session does, when the server is silent', async () => {
    await withTestApplication(serving(echo), async (t) => {
      const connection = reconnecting(t)
      await connection.whenOpen()
      t.network.halfOpen()

      const closed = connection.close()
      await t.clock.advance(10_000)

      await closed
      expect((await connection.closed).why).toBe('closed')
    })
  })

  it('is the same with await using, and counts once', async () => {
    await withTestApplication(serving(echo), async (t) => {
      const connection = reconnecting(t)
      const session = await connection.whenOpen()

      void connection.close(new CloseReason(4000))
      void connection.close(new CloseReason(4001))
      await connection[Symbol.asyncDispose]()

      expect((await session.closed).local?.code).toBe(4000)
    })
  })

  it('throws for a reason that may not travel, and has done nothing then', async () => {
    await withTestApplication(serving(echo), async (t) => {
      const connection = reconnecting(t)
      await connection.whenOpen()

      expect(() => connection.close(new CloseReason(1006))).toThrow(RangeError)

      expect(isOpen(connection)).toBe(true)
      await connection.close()
    })
  })

  it('leaves no session behind, in whichever moment after the end of opened() it is called', async () => {
    await withTestApplication(serving(echo), async (t) => {
      for (let moments = 0; moments < 20; moments++) {
        const connection = reconnecting(t, {
          opened: () => {
            void after(moments).then(() => connection.close())
          },
        })

        expect((await connection.closed).why).toBe('closed')
        await t.settle()
        expect(t.application.sessions.size).toBe(0)
      }
    })
  })
})

/** Resolves so many turns of the microtask queue later. */
async function after(turns: number): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await Promise.resolve()
}

describe('signal', () => {
  it('has fired before', async () => {
    await withTestApplication(serving(echo), async (t) => {
      const reason = new Error('never')

      const connection = reconnecting(t, { signal: AbortSignal.abort(reason) })

      expect(await connection.closed).toEqual({
        why: 'aborted',
        setback: null,
        cause: reason,
        unsent: 0,
      })
    })
  })

  it.each(['connecting', 'open', 'waiting', 'closing'] as const)(
    'ends it at once while it is %s',
    async (state) => {
      await withTestApplication(serving(echo), async (t) => {
        const controller = new AbortController()
        const reason = new Error('enough')
        const connection = reconnecting(t, { signal: controller.signal })
        if (state !== 'connecting') await connection.whenOpen()
        if (state === 'waiting') t.network.reset()
        if (state !== 'connecting') await t.settle()
        if (state === 'closing') {
          t.network.halfOpen()
          void connection.close()
        }
        expect(connection.state.type).toBe(state === 'closing' ? 'open' : state)

        controller.abort(reason)

        const end = await connection.closed
        expect(end).toMatchObject({ why: 'aborted', cause: reason })
        expect(t.clock.now()).toBe(0)
        await expect(connection.incoming.receive()).rejects.toBe(reason)
        await expect(connection.whenOpen()).rejects.toBe(reason)
        t.network.restore()
        await t.settle()
      })
    },
  )

  it('may have any reason', async () => {
    await withTestApplication(serving(echo), async (t) => {
      const connection = reconnecting(t, { signal: AbortSignal.abort('because') })

      const { cause } = await connection.closed

      expect(cause).toBeInstanceOf(Error)
      expect(cause?.cause).toBe('because')
    })
  })

  it('is not listened to when the connection is over', async () => {
    await withTestApplication(serving(echo), async (t) => {
      const controller = new AbortController()
      const hints = new TestHints()
      const connection = reconnecting(t, { signal: controller.signal }, { hints })
      await connection.whenOpen()
      expect(hints.isHeard).toBe(true)
      await connection.close()
      await t.settle()

      controller.abort(new Error('late'))

      expect((await connection.closed).why).toBe('closed')
      expect(hints.isHeard).toBe(false)
    })
  })
})

describe('hints', () => {
  it.each(['online', 'visible'] as const)('comes back soon after "%s"', async (hint) => {
    await withTestApplication(serving(echo), async (t) => {
      const hints = new TestHints()
      t.network.refuse()
      const connection = reconnecting(t, { reconnect: { jitter: 0 } }, { hints })
      await t.clock.advance(40_000)
      const before = stateOf(connection, 'waiting')
      t.network.refuse(false)

      hints.give(hint)

      const after = stateOf(connection, 'waiting')
      expect(after.delay).toBe(1_000)
      expect(after.attempt).toBe(before.attempt)
      expect(after.retryAt).toBeLessThan(before.retryAt)
      await t.clock.advance(1_000)
      expect(isOpen(connection)).toBe(true)
      await connection.close()
    })
  })

  it('opens nothing while the page is left, and comes back soon after it is shown', async () => {
    await withTestApplication(serving(echo), async (t) => {
      const hints = new TestHints()
      const connection = reconnecting(t, { reconnect: { jitter: 0 } }, { hints })
      await connection.whenOpen()
      hints.give('left')
      t.network.reset()
      await t.clock.advance({ minutes: 10 })
      expect(connection.state.type).toBe('waiting')
      expect(t.application.sessions.size).toBe(0)

      hints.give('shown')
      await t.settle()

      expect(isOpen(connection)).toBe(true)
      await connection.close()
    })
  })

  it.each(['prepare', 'opened'] as const)(
    'gives up an attempt when the page is left (in %s)',
    async (step) => {
      await withTestApplication(serving(echo), async (t) => {
        const hints = new TestHints()
        const go = new Deferred<void>()
        const connection = reconnecting(
          t,
          {
            reconnect: { jitter: 0 },
            opened: () => (step === 'opened' ? go.promise : undefined),
          },
          { hints, prepare: () => (step === 'prepare' ? go.promise : Promise.resolve()) },
        )
        await t.settle()
        hints.give('left')
        go.resolve()
        await t.clock.advance({ minutes: 10 })
        expect(stateOf(connection, 'waiting').setback.error).toMatchObject({ step: 'connect' })
        expect(t.application.sessions.size).toBe(0)

        hints.give('shown')
        await t.clock.advance(1_000)

        expect(isOpen(connection)).toBe(true)
        await connection.close()
      })
    },
  )

  it('may be closed while the page is left', async () => {
    await withTestApplication(serving(echo), async (t) => {
      const hints = new TestHints()
      t.network.refuse()
      const connection = reconnecting(t, {}, { hints })
      await t.settle()
      hints.give('left')
      await t.clock.advance({ minutes: 1 })

      await connection.close()

      expect((await connection.closed).why).toBe('closed')
      expect(t.clock.pendingTimers).toBe(0)
    })
  })

  it('is not hurried into a wait that is longer, nor by a page that is hidden', async () => {
    await withTestApplication(serving(echo), async (t) => {
      const hints = new TestHints()
      t.network.refuse()
      const connection = reconnecting(t, { reconnect: { jitter: 0 } }, { hints })
      await t.settle()
      const before = connection.state
      await t.clock.advance(10)

      hints.give('visible')
      hints.give('hidden')

      expect(connection.state).toBe(before)
      await connection.close()
    })
  })

  it('asks the server at once when the page is seen again', async () => {
    await withTestApplication(serving(echo), async (t) => {
      const hints = new TestHints()
      const heartbeat = { period: 600_000, timeout: 1_000 }
      const connection = reconnecting(t, { heartbeat }, { hints })
      await connection.whenOpen()
      await t.settle()
      t.network.halfOpen()
      await t.clock.advance(60_000)
      expect(isOpen(connection)).toBe(true)

      hints.give('visible')
      await t.clock.advance(1_000)

      expect(stateOf(connection, 'waiting').setback.info?.cause).toMatchObject({
        code: 'TOWPATH_PING_TIMEOUT',
      })
      await connection.close()
    })
  })

  it('does not come back before the server wants it', async () => {
    await withTestApplication(serving(echo), async (t) => {
      const hints = new TestHints()
      t.application.routing((route) =>
        route.intercept(() => new Response('', { status: 503, headers: { 'retry-after': '60' } })),
      )
      const connection = reconnecting(t, {}, { hints })
      await t.settle()
      const before = connection.state

      hints.give('online')

      expect(connection.state).toBe(before)
      await connection.close()
    })
  })

  it('tries at once when somebody wants it, whatever the server has asked for', async () => {
    await withTestApplication(serving(echo), async (t) => {
      let refusals = 1
      t.application.routing((route) =>
        route.intercept(() => {
          if (refusals-- <= 0) return undefined
          return new Response('', { status: 503, headers: { 'retry-after': '60' } })
        }),
      )
      const connection = reconnecting(t)
      connection.retryNow()
      await t.settle()
      expect(stateOf(connection, 'waiting').delay).toBeGreaterThan(60_000)

      connection.retryNow()
      await t.clock.advance(0)

      expect(isOpen(connection)).toBe(true)
      connection.retryNow()
      await connection.close()
    })
  })

  it('takes its time without any network, and tries all the same', async () => {
    await withTestApplication(serving(echo), async (t) => {
      const hints = new TestHints()
      const connection = reconnecting(t, {}, { hints })
      await connection.whenOpen()

      hints.give('offline')
      t.network.reset()
      await t.settle()

      expect(stateOf(connection, 'waiting').delay).toBe(30_000)
      await t.clock.advance(30_000)
      expect(isOpen(connection)).toBe(true)
      await connection.close()
    })
  })
})

describe('incoming and states', () => {
  it('makes the server wait while nobody reads', async () => {
    let sent = 0
    const flood: WebSocketHandler = async ({ incoming, send }) => {
      for (; sent < 500; sent++) await send(new Uint8Array(64 * 1024))
      await incoming.receive()
    }
    await withTestApplication(serving(flood), async (t) => {
      const connection = reconnecting(t)
      await t.clock.advance(1_000)

      // 1 MiB here, 1 MiB there, and what is on its way.
      expect(sent).toBeLessThan(60)
      connection.incoming.cancel()
      await t.clock.advance(1_000)
      expect(sent).toBe(500)
      await connection.close()
    })
  })

  it('goes on without a reader when incoming was cancelled, session after session', async () => {
    await withTestApplication(serving(echo), async (t) => {
      const connection = reconnecting(t)
      connection.incoming.cancel()
      for (let round = 0; round < 3; round++) {
        await connection.whenOpen()
        await connection.send('x')
        await t.settle()
        t.network.reset()
        await t.clock.advance(10_000)
      }

      expect(connection.incoming.isClosedForReceive).toBe(true)
      expect(isOpen(connection)).toBe(true)
      await connection.close()
    })
  })

  it('shows the latest state to whoever is slow, and ends after "closed"', async () => {
    await withTestApplication(serving(echo), async (t) => {
      const connection = reconnecting(t)
      const slow = connection.states()
      await connection.whenOpen()
      await connection.close()

      expect((await slow.next()).value).toMatchObject({ type: 'closed' })
      expect(await slow.next()).toEqual({ done: true, value: undefined })
      const types: string[] = []
      for await (const { type } of connection.states()) types.push(type)
      expect(types).toEqual(['closed'])
    })
  })

  it('gives up waiting for an open session with its signal', async () => {
    await withTestApplication(serving(echo), async (t) => {
      t.network.refuse()
      const connection = reconnecting(t)
      const controller = new AbortController()
      const waiting = connection.whenOpen({ signal: controller.signal })

      controller.abort(new Error('enough'))

      await expect(waiting).rejects.toThrow('enough')
      await connection.close()
    })
  })

  it('does not count the time that the machine slept', async () => {
    await withTestApplication(serving(echo), async (t) => {
      t.network.refuse()
      let slept = 0
      const clock: Clock = {
        now: () => t.clock.now() + slept,
        setTimer: (delayMs, callback) => t.clock.setTimer(delayMs, callback),
      }
      const connection = reconnecting(t, { reconnect: { maxElapsed: { minutes: 1 } } }, { clock })
      await t.settle()
      expect(connection.state.type).toBe('waiting')

      slept = 8 * 3_600_000
      await t.clock.advance({ seconds: 1 })

      expect(stateOf(connection, 'waiting').attempt).toBeGreaterThan(2)
      t.network.refuse(false)
      await t.clock.advance({ seconds: 30 })
      expect(isOpen(connection)).toBe(true)
      await connection.close()
    })
  })
})
