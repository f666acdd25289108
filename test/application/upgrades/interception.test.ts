import { AsyncLocalStorage } from 'node:async_hooks'

import { describe, expect, it, vi } from 'vitest'

import type { ApplicationCall, Interceptor } from '../../../src/application/application.ts'
import { intercept } from '../../../src/application/upgrades/interception.ts'
import { settled } from '../../support/memory-world.ts'

// Nothing here looks into the call.
const CALL = {} as ApplicationCall

describe('intercept()', () => {
  it('runs interceptors from the outside in, and agrees when all return nothing', async () => {
    const order: string[] = []
    const { refusal } = await intercept(
      [
        async (_call, next) => {
          order.push('outer before')
          await next()
          order.push('outer after')
        },
        () => void order.push('inner'),
      ],
      CALL,
    )

    expect(refusal).toBe(null)
    expect(order).toEqual(['outer before', 'inner', 'outer after'])
  })

  it('runs the rest also when next() is not called', async () => {
    const order: string[] = []

    await intercept([() => void order.push('first'), () => void order.push('second')], CALL)

    expect(order).toEqual(['first', 'second'])
  })

  it('stops at a Response, and runs nothing further in', async () => {
    const order: string[] = []
    const { refusal } = await intercept(
      [() => new Response('no', { status: 401 }), () => void order.push('inner')],
      CALL,
    )

    expect(refusal?.status).toBe(401)
    expect(order).toEqual([])
  })

  it('shows a refusal from further in to those outside, who cannot lose it', async () => {
    const seen: Array<number | undefined> = []
    const { refusal } = await intercept(
      [
        async (_call, next) => {
          seen.push((await next())?.status)
        },
        () => new Response(null, { status: 403 }),
      ],
      CALL,
    )

    expect(seen).toEqual([403])
    expect(refusal?.status).toBe(403)
  })

  it('lets an outer interceptor answer in place of an inner one', async () => {
    const { refusal } = await intercept(
      [
        async (_call, next) => {
          await next()
          return new Response(null, { status: 404 })
        },
        () => new Response(null, { status: 403 }),
      ],
      CALL,
    )

    expect(refusal?.status).toBe(404)
  })

  it('waits for a next() that was called and not awaited', async () => {
    const order: string[] = []
    await intercept(
      [
        (_call, next) => void next(),
        async () => {
          await settled()
          order.push('inner')
        },
      ],
      CALL,
    )

    expect(order).toEqual(['inner'])
  })

  it('rejects with what an interceptor throws, also when another swallowed it', async () => {
    const failure = new Error('no database')
    const swallow: Interceptor = async (_call, next) => {
      try {
        await next()
      } catch {
        // What must not turn a failure into a yes.
      }
    }
    const fail: Interceptor = () => {
      throw failure
    }

    await expect(intercept([fail], CALL)).rejects.toBe(failure)
    await expect(intercept([swallow, fail], CALL)).rejects.toBe(failure)
  })

  it('lets an interceptor answer in spite of a failure further in', async () => {
    const { refusal } = await intercept(
      [
        async (_call, next) => {
          try {
            await next()
          } catch {
            return new Response(null, { status: 503 })
          }
          return undefined
        },
        () => Promise.reject(new Error('no database')),
      ],
      CALL,
    )

    expect(refusal?.status).toBe(503)
  })

  it('refuses a second next()', async () => {
    const twice: Interceptor = async (_call, next) => {
      await next()
      await next()
    }

    await expect(intercept([twice], CALL)).rejects.toThrow('Cannot call next() twice')
  })

  it('rejects a next() that comes late, and runs nothing', async () => {
    const inner = vi.fn<() => void>()
    let late: () => Promise<unknown> = () => Promise.resolve()
    const refuses: Interceptor = (_call, next) => {
      late = next
      return new Response(null, { status: 401 })
    }
    await intercept([refuses, inner], CALL)

    const promise = late()

    await expect(promise).rejects.toThrow(
      new Error('Cannot call next() late: the interceptor has returned'),
    )
    expect(inner).not.toHaveBeenCalled()
  })

  it('rejects nothing that no interceptor awaits', async () => {
    const unhandled = vi.fn<() => void>()
    process.on('unhandledRejection', unhandled)
    const failure = new Error('no database')
    const careless: Interceptor = (_call, next) => {
      void next()
      void next()
      throw failure
    }
    const failsLater: Interceptor = async () => {
      await settled()
      throw new Error('too late')
    }

    await expect(intercept([careless, failsLater], CALL)).rejects.toBe(failure)
    await new Promise((resolve) => setImmediate(resolve))

    process.off('unhandledRejection', unhandled)
    expect(unhandled).not.toHaveBeenCalled()
  })

  it('refuses an answer that is no Response, so that a mistake never lets anybody in', async () => {
    // @ts-expect-error -- what JavaScript may do
    const answer = intercept([() => false], CALL)

    await expect(answer).rejects.toThrow(
      new TypeError(
        'Cannot upgrade: an interceptor returned a boolean, expected a Response or undefined',
      ),
    )
  })

  it('keeps what an interceptor put around next() for whoever runs in the context', async () => {
    const storage = new AsyncLocalStorage<string>()
    const { context } = await intercept(
      [
        (_call, next) => storage.run('request 7', () => next()),
        async () => {
          await settled()
        },
      ],
      CALL,
    )

    expect(storage.getStore()).toBe(undefined)
    expect(context.run(() => storage.getStore())).toBe('request 7')
    expect(await context.run(async () => (await settled(), storage.getStore()))).toBe('request 7')
  })

  it('keeps the context of its own caller when nobody intercepts', async () => {
    const storage = new AsyncLocalStorage<string>()
    const { context } = await storage.run('server', () => intercept([], CALL))

    expect(context.run(() => storage.getStore())).toBe('server')
  })
})
