import { describe, expect, it } from 'vitest'
import { CloseReason, type WebSocketServerSession, WebSockets } from '../../src/index.ts'
import type { PipeFaults } from '../../src/engines/memory/internal.ts'
import { ConnectError, type TestApplication, withTestApplication } from '../../src/testing/index.ts'
import { FaultControl, type FaultTarget } from '../../src/testing/network-faults.ts'
import { createTestEnvironment } from '../../src/testing/test-environment.ts'
import { echo, serving, textOf } from './applications.ts'

describe('NetworkFaults', () => {
  it('are none at first: everything arrives at once', async () => {
    await withTestApplication(echo, async (t) => {
      const session = await t.connect('/')
      await session.send('hello')

      expect(textOf(await session.incoming.receive())).toBe('hello')
      expect(t.clock.now()).toBe(0)
    })
  })

  it('strike connections that are there and those to come, on t.network', async () => {
    await withTestApplication(echo, async (t) => {
      const before = await t.connect('/')
      t.network.delay(100)
      const after = await t.connect('/')
      const answers: string[] = []
      for (const session of [before, after]) {
        session
          .launch(async () => {
            answers.push(`${textOf(await session.incoming.receive())} at ${t.clock.now()}`)
          })
          .catch(() => {})
      }

      await before.send('before')
      await after.send('after')
      await t.clock.advance(200)

      expect(answers).toEqual(['before at 200', 'after at 200'])
    })
  })

  it('strike one connection alone, on session.network', async () => {
    await withTestApplication(echo, async (t) => {
      const slow = await t.connect('/')
      const fast = await t.connect('/')
      slow.network.delay(100)

      await slow.send('slow')
      await fast.send('fast')

      expect(textOf(await fast.incoming.receive())).toBe('fast')
      expect(slow.incoming.tryReceive()).toEqual({ type: 'empty' })
      await t.clock.advance(200)
      expect(textOf(await slow.incoming.receive())).toBe('slow')
    })
  })
})

describe('delay()', () => {
  it('is about one way when that is said', async () => {
    const arrivals: number[] = []
    await withTestApplication(async (t) => {
      t.application.install(WebSockets)
      t.application.routing((route) => {
        route.webSocket('/', async ({ incoming, send }) => {
          for await (const frame of incoming) {
            arrivals.push(t.clock.now())
            await send(frame)
          }
        })
      })
      t.network.delay({ seconds: 1 }, { towards: 'client' })
      const session = await t.connect('/')

      await session.send('x')
      await t.clock.advance(999)
      expect(session.incoming.tryReceive()).toEqual({ type: 'empty' })
      await t.clock.advance(1)

      expect(session.incoming.tryReceive()).toMatchObject({ type: 'value' })
      expect(arrivals).toEqual([0])
    })
  })

  it('is what roundTripTime measures', async () => {
    let served: { readonly roundTripTime: number | null } | null = null
    await withTestApplication(async (t) => {
      t.application.install(WebSockets, { pingPeriod: 1000 })
      t.application.routing((route) => {
        route.webSocket('/', (session) => {
          served = session
          return session.closed.then(() => {})
        })
      })
      t.network.delay(40)
      await t.connect('/')

      await t.clock.advance(1100)

      expect(served?.roundTripTime).toBe(80)
    })
  })

  it('throws a RangeError below 0', async () => {
    await withTestApplication((t) => {
      expect(() => t.network.delay(-1)).toThrow(RangeError)
    })
  })
})

describe('cut()', () => {
  it.each([1, 3, 'random', (bytesAtHand: number) => Math.ceil(bytesAtHand / 2)] as const)(
    'into pieces (%s) changes nothing of what arrives',
    async (pieces) => {
      await withTestApplication(echo, async (t) => {
        t.network.cut(pieces)
        const session = await t.connect('/')
        const text = 'grüß '.repeat(200)

        await session.send(text)
        await session.send('x')

        expect(textOf(await session.incoming.receive())).toBe(text)
        expect(textOf(await session.incoming.receive())).toBe('x')
      })
    },
  )

  it('at random gives pieces of 1 byte and above, the same ones for the same seed', () => {
    const sizesOf = (seed: number): number[] => {
      const faults: PipeFaults = {}
      const target: FaultTarget = {
        toServer: (given) => void Object.assign(faults, given),
        toClient: () => {},
        mend: () => {},
        reset: () => {},
      }
      new FaultControl(target, createTestEnvironment(seed)).cut('random')
      return Array.from({ length: 1000 }, () => faults.cut?.(10) ?? 0)
    }

    expect(sizesOf(3)).toEqual(sizesOf(3))
    expect(sizesOf(3)).not.toEqual(sizesOf(4))
    expect([...new Set(sizesOf(3))].sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
  })

  it.each([0, -1, 1.5, Number.NaN])(
    'throws a RangeError for pieces of %s bytes',
    async (pieces) => {
      await withTestApplication((t) => {
        expect(() => t.network.cut(pieces)).toThrow(RangeError)
      })
    },
  )
})

describe('halfOpen()', () => {
  it('lets nothing through, and tells nobody', async () => {
    let served: WebSocketServerSession | null = null
    const texts: string[] = []
    const module = serving(async (session) => {
      served = session
      for await (const frame of session.incoming) texts.push(textOf(frame))
    })

    await withTestApplication(module, async (t) => {
      const session = await t.connect('/')
      session.network.halfOpen()

      await session.send('lost')
      session.terminate()
      await t.clock.advance({ hours: 1 })

      expect(texts).toEqual([])
      expect(t.application.sessions.size).toBe(1)
      expect(await session.closeReason).toEqual(new CloseReason(1006))
    })
    expect(served).not.toBe(null)
  })

  it('mended, lets what was written meanwhile arrive', async () => {
    await withTestApplication(echo, async (t) => {
      const session = await t.connect('/')
      session.network.halfOpen()
      await session.send('late')
      await t.settle()
      expect(session.incoming.tryReceive()).toEqual({ type: 'empty' })

      session.network.halfOpen(false)

      expect(textOf(await session.incoming.receive())).toBe('late')
    })
  })

  it('mended, resets the end that does not know yet that the other has given up', async () => {
    await withTestApplication(echo, async (t) => {
      const closed: unknown[] = []
      t.application.monitor.on('sessionClosed', ({ info }) => closed.push(info.cause))
      const session = await t.connect('/')
      t.network.halfOpen()
      session.terminate()
      await t.settle()
      expect(closed).toEqual([])

      t.network.restore()
      await t.settle()

      expect(closed).toMatchObject([{ code: 'ECONNRESET' }])
    })
  })
})

describe('halfOpen() of the whole network', () => {
  it('lets nobody connect: the client gives up at its deadline, in virtual time', async () => {
    await withTestApplication(echo, async (t) => {
      t.network.halfOpen()
      const refused = t.connect('/').catch((error: unknown) => error)

      await t.clock.advance(10_000)

      expect(await refused).toBeInstanceOf(ConnectError)
      expect(await refused).toMatchObject({ step: 'connect' })
    })
  })

  it('mended, lets those connect that wait', async () => {
    await withTestApplication(echo, async (t) => {
      t.network.halfOpen()
      const connecting = t.connect('/')
      await t.clock.advance(9_000)

      t.network.halfOpen(false)

      expect((await connecting).response.status).toBe(101)
    })
  })
})

describe('refuse()', () => {
  it('lets nobody connect until it is taken back, and leaves those alone that are there', async () => {
    await withTestApplication(echo, async (t) => {
      const session = await t.connect('/')
      t.network.refuse()

      await expect(t.connect('/')).rejects.toMatchObject({ name: 'ConnectError', step: 'connect' })
      await expect(t.connectRaw('/')).rejects.toMatchObject({ step: 'connect' })
      await session.send('hello')
      expect(textOf(await session.incoming.receive())).toBe('hello')

      t.network.refuse(false)
      expect((await t.connect('/')).response.status).toBe(101)
    })
  })

  it('is taken back by restore()', async () => {
    await withTestApplication(echo, async (t) => {
      t.network.refuse()
      t.network.restore()

      expect((await t.connect('/')).response.status).toBe(101)
    })
  })
})

describe('slowReader()', () => {
  it('makes the server wait once the kernels and its queue are full, until it is over', async () => {
    let sent = 0
    const module = serving(async ({ send }) => {
      for (; sent < 300; sent++) await send(new Uint8Array(16 * 1024))
    })

    await withTestApplication(module, async (t) => {
      t.network.slowReader()
      const session = await t.connect('/')
      await t.settle()
      // 128 KiB in the kernels, 64 frames of the queue at most, and the write that is under way.
      expect(sent).toBeGreaterThanOrEqual(64)
      expect(sent).toBeLessThan(100)

      t.network.slowReader(false)
      let received = 0
      for await (const frame of session.incoming) received += frame.buffer.length

      expect(sent).toBe(300)
      expect(received).toBe(300 * 16 * 1024)
    })
  })
})

describe('resetAfter()', () => {
  it('resets the connection once so many bytes have arrived, and loses the rest', async () => {
    const closed: unknown[] = []
    const texts: string[] = []
    const module = serving(async ({ incoming }) => {
      for await (const frame of incoming) texts.push(textOf(frame))
    })

    await withTestApplication(module, async (t) => {
      t.application.monitor.on('sessionClosed', ({ info }) => closed.push(info.reason, info.cause))
      // A masked frame of 5 bytes takes 11.
      t.network.resetAfter(25, { towards: 'server' })
      const session = await t.connect('/')

      for (let count = 0; count < 4; count++) await session.send('hello')
      await t.settle()

      expect(texts).toEqual(['hello', 'hello'])
      expect(closed).toMatchObject([new CloseReason(1006), { code: 'ECONNRESET' }])
      expect((await session.closed).cause).toMatchObject({ code: 'ECONNRESET' })
    })
  })

  it('with 0 resets before the first byte', async () => {
    await withTestApplication(echo, async (t) => {
      t.network.resetAfter(0)
      const session = await t.connect('/')

      await session.send('x')

      expect(await session.closeReason).toEqual(new CloseReason(1006))
    })
  })

  it.each([-1, 1.5, Number.NaN])('throws a RangeError for %s', async (bytes) => {
    await withTestApplication((t) => {
      expect(() => t.network.resetAfter(bytes)).toThrow(RangeError)
    })
  })
})

describe('reset()', () => {
  it('resets all connections that there are', async () => {
    await withTestApplication(echo, async (t) => {
      const first = await t.connect('/')
      const second = await t.connect('/')

      t.network.reset()

      expect(await first.closeReason).toEqual(new CloseReason(1006))
      expect(await second.closed).toMatchObject({ cause: { code: 'ECONNRESET' } })
    })
  })
})

describe('restore()', () => {
  it('takes all faults back', async () => {
    await withTestApplication(echo, async (t) => {
      const faulty = await faultyConnection(t)

      t.network.restore()
      const session = await t.connect('/')
      await session.send('hello')
      await faulty.send('hello')

      expect(textOf(await session.incoming.receive())).toBe('hello')
      expect(textOf(await faulty.incoming.receive())).toBe('hello')
    })
  })
})

/** A connection on which everything goes wrong that can be mended. */
async function faultyConnection(t: TestApplication): ReturnType<TestApplication['connect']> {
  t.network.delay({ hours: 1 })
  t.network.cut(1)
  t.network.resetAfter(3)
  t.network.slowReader()
  const session = await t.connect('/')
  t.network.halfOpen()
  return session
}
