import { getEventListeners } from 'node:events'

import { describe, expect, it } from 'vitest'

import type { Interceptor } from '../../../src/application/application.ts'
import { Deferred } from '../../../src/base/internal.ts'
import { settled } from '../../support/memory-world.ts'
import {
  handler,
  chat,
  expectRefusal,
  refusalsOf,
  sentenceOf,
  upgradeRequest,
  World,
} from '../upgrade-client.ts'

describe('upgrade() without anything to wait for', () => {
  const watched = (): never => expect.unreachable('nothing has to be waited for')

  it('answers at once, and watches nobody', () => {
    const world = chat({ origins: (origin) => origin === 'http://other.example' })
    const ask = (target: string, headers: Record<string, string | undefined> = {}): unknown =>
      world.app.upgrade(upgradeRequest(target, { headers }), world.environment, watched)

    expect(ask('/chat')).toMatchObject({ type: 'accepted' })
    expect(ask('/chat', { Origin: 'http://other.example' })).toMatchObject({ type: 'accepted' })
    expect(ask('/chat', { Origin: 'http://evil.example' })).toMatchObject({ status: 403 })
    expect(ask('/chat', { 'Sec-WebSocket-Key': undefined })).toMatchObject({ status: 400 })
    expect(ask('/other')).toEqual({ type: 'unclaimed' })
    expect(world.environment.timers.size).toBe(0)
  })

  it('answers 500 at once when a rule throws', () => {
    const failure = new Error('no')
    const world = chat({
      origins: () => {
        throw failure
      },
    })
    const request = upgradeRequest('/chat', { headers: { Origin: 'null' } })

    expect(world.app.upgrade(request, world.environment, watched)).toMatchObject({ status: 500 })
    expect(world.logged).toEqual([['WebSocket upgrade failed', failure]])
  })

  it('watches once what has to be waited for, and refuses who left meanwhile', async () => {
    const world = chat()
    world.app.routing((route) => route.intercept(() => settled()))
    const refusals = refusalsOf(world)
    const left = new Error('lost')
    let calls = 0
    const signal = (): AbortSignal => {
      calls++
      return AbortSignal.abort(left)
    }

    const outcome = world.app.upgrade(upgradeRequest('/chat'), world.environment, signal)
    expect(outcome).toBeInstanceOf(Promise)

    expect((await outcome).type).toBe('refused')
    expect(refusals).toMatchObject([{ reason: 'abandoned', cause: left }])
    expect(calls).toBe(1)
    expect(world.environment.timers.size).toBe(0)
  })
})

describe('upgrade() and its one outcome', () => {
  function intercepted(...interceptors: readonly Interceptor[]): World {
    const world = chat()
    world.app.routing((route) => {
      for (const interceptor of interceptors) route.intercept(interceptor)
    })
    return world
  }

  it('Handshake 5: answers 500 without a detail when one throws, and reports it once', async () => {
    const failure = new Error('password of the database is 1234')
    const world = intercepted(() => {
      throw failure
    })
    const refusals = refusalsOf(world)

    const outcome = await world.refused('/chat')

    expect(outcome.status).toBe(500)
    expect(sentenceOf(outcome)).toBe('Cannot upgrade: the server failed\n')
    expect(world.logged).toEqual([['WebSocket upgrade failed', failure]])
    expect(refusals).toMatchObject([{ status: 500, reason: 'failure', cause: failure }])
  })

  it('fires the signal of the call when a later rule refuses', async () => {
    const world = new World().install()
    const seen: unknown[] = []
    world.app.routing((route) => {
      route.webSocket('/chat', { protocols: ['a'], requireProtocol: true }, handler)
      route.intercept(({ signal }) => {
        signal.addEventListener('abort', () => seen.push(signal.reason))
      })
    })

    const { status } = await world.refused('/chat')

    expect(status).toBe(400)
    expect(seen).toEqual([expect.objectContaining({ name: 'AbortError' })])
  })

  it('Handshake 5: answers 503 at the deadline, and fires the signal of the call', async () => {
    const seen: unknown[] = []
    const world = new World().install({ handshakeTimeout: 3_000 })
    world.app.routing((route) => {
      route.webSocket('/chat', handler)
      route.intercept(async ({ signal }) => {
        const aborted = new Deferred<void>()
        signal.addEventListener('abort', () => aborted.resolve())
        await aborted.promise
        seen.push(signal.reason)
        throw signal.reason
      })
    })
    const refusals = refusalsOf(world)

    const outcome = world.upgrade('/chat')
    await world.environment.clock.advance(2_999)
    expect(refusals).toEqual([])
    await world.environment.clock.advance(1)

    expectRefusal(await outcome, 503, 'Cannot upgrade: the server took too long')
    expect(seen).toMatchObject([{ code: 'TOWPATH_HANDSHAKE_TIMEOUT', limitMs: 3_000 }])
    expect(refusals).toMatchObject([{ status: 503, reason: 'timeout', cause: seen[0] }])
    expect(world.logged).toEqual([])
    expect(world.environment.timers.size).toBe(0)
  })

  it('reports what an interceptor throws after the deadline, and changes nothing any more', async () => {
    const gate = new Deferred<void>()
    const world = intercepted(() => gate.promise)
    const refusals = refusalsOf(world)
    const outcome = world.upgrade('/chat')
    await world.environment.clock.advance(10_000)
    expectRefusal(await outcome, 503, '')

    const failure = new Error('late')
    gate.reject(failure)
    await settled()

    expect(world.logged).toEqual([['WebSocket upgrade failed', failure]])
    expect(refusals).toHaveLength(1)
  })

  it('ends when the client leaves, and leaves no timer and no listener behind', async () => {
    const gate = new Deferred<void>()
    const world = intercepted(() => gate.promise)
    const refusals = refusalsOf(world)
    const controller = new AbortController()
    const left = new Error('connection lost')

    const outcome = world.upgrade('/chat', {}, controller.signal)
    await settled()
    controller.abort(left)

    expect((await outcome).type).toBe('refused')
    expect(refusals).toMatchObject([{ reason: 'abandoned', cause: left }])
    expect(world.environment.timers.size).toBe(0)
    expect(getEventListeners(controller.signal, 'abort')).toEqual([])
    gate.resolve()
  })

  it('decides nothing for a client that has left already', async () => {
    const world = chat()
    const ran: string[] = []
    world.app.routing((route) => route.intercept(({ request }) => void ran.push(request.path)))

    const outcome = await world.upgrade('/chat', {}, AbortSignal.abort(new Error('lost')))

    expect(outcome.type).toBe('refused')
    expect(ran).toEqual([])
  })

  it('leaves no timer and no listener behind when it accepts', async () => {
    const world = chat()
    const { signal } = new AbortController()

    expect((await world.upgrade('/chat', {}, signal)).type).toBe('accepted')

    expect(world.environment.timers.size).toBe(0)
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })

  it.each([
    'connection',
    'upgrade',
    'sec-websocket-protocol',
    'content-length',
    'transfer-encoding',
  ])(
    'answers 500 when the application puts %s on the response: the handshake is not its own',
    async (name) => {
      const world = intercepted(({ response }) => response.headers.set(name, '1'))

      expectRefusal(await world.upgrade('/chat'), 500, 'the server failed')

      expect(world.logged).toEqual([
        [
          'WebSocket upgrade failed',
          new TypeError(
            `Cannot put "${name}" on the response of an upgrade: the engine or the handshake sets it, expected another header`,
          ),
        ],
      ])
    },
  )
})
