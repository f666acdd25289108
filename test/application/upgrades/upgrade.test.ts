import { AsyncLocalStorage } from 'node:async_hooks'
import { getEventListeners } from 'node:events'

import { describe, expect, it } from 'vitest'

import type { ApplicationEvents, Interceptor } from '../../../src/application/application.ts'
import { Deferred } from '../../../src/base/internal.ts'
import { AttributeKey } from '../../../src/base/index.ts'
import { ExtensionConflictError, permessageDeflate } from '../../../src/extensions/index.ts'
import { settled } from '../../support/memory-world.ts'
import {
  expectRefusal,
  type RequestChanges,
  sentenceOf,
  upgradeRequest,
  World,
} from '../upgrade-client.ts'

const handler = (): void => {}

/** An application with one WebSocket at `/chat`. */
function chat(options: Parameters<World['install']>[0] = {}): World {
  const world = new World().install(options)
  world.app.routing((route) => route.webSocket('/chat', handler))
  return world
}

/** Keeps what the monitor says about refusals. */
function refusalsOf(world: World): Array<ApplicationEvents['upgradeRefused']> {
  const refusals: Array<ApplicationEvents['upgradeRefused']> = []
  world.app.monitor.on('upgradeRefused', (refusal) => refusals.push(refusal))
  return refusals
}

describe('upgrade() and the opening handshake', () => {
  it('Handshake 1: answers a request that is right with 101 and its key (RFC 6455 §1.3)', async () => {
    const headers = await chat().accepted('/chat')

    expect(headers.get('upgrade')).toBe('websocket')
    expect(headers.get('connection')?.toLowerCase()).toBe('upgrade')
    expect(headers.get('sec-websocket-accept')).toBe('s3pPLMBiTxaQ9kYGzzhZRbK+xOo=')
    expect(headers.has('sec-websocket-protocol')).toBe(false)
    expect(headers.has('sec-websocket-extensions')).toBe(false)
  })

  it('Handshake 1: claims no path that has no route', async () => {
    const world = chat()

    expect(await world.upgrade('/')).toEqual({ type: 'unclaimed' })
    expect(await world.upgrade('/chat/x')).toEqual({ type: 'unclaimed' })
    expect(await world.upgrade('*')).toEqual({ type: 'unclaimed' })
    expect(await world.upgrade('/caf\u00e9')).toEqual({ type: 'unclaimed' })
  })

  it('Handshake 1: asks what is no websocket request on a path of ours to upgrade, with 426', async () => {
    const outcome = await chat().refused('/chat', {
      headers: { Upgrade: undefined, Connection: undefined },
    })

    expect(outcome.status).toBe(426)
    expect(
      new Headers(outcome.headers.map(([n, v]): [string, string] => [n, v])).get('upgrade'),
    ).toBe('websocket')
  })

  it('Handshake 1: names the version that it speaks with 426', async () => {
    const outcome = await chat().refused('/chat', { headers: { 'Sec-WebSocket-Version': '8' } })

    expect(outcome.status).toBe(426)
    expect(outcome.headers.map(([name, value]) => [name.toLowerCase(), value])).toContainEqual([
      'sec-websocket-version',
      '13',
    ])
  })

  it.each<[string, RequestChanges, RegExp]>([
    ['another method', { method: 'POST' }, /GET/],
    ['a body', { hasBody: true }, /body/],
    ['HTTP/1.0', { httpVersion: '1.0' }, /HTTP/],
    ['no Host', { headers: { Host: undefined } }, /Host/],
    ['a Host that is none', { headers: { Host: 'user@host' } }, /Host/],
    ['no key', { headers: { 'Sec-WebSocket-Key': undefined } }, /Sec-WebSocket-Key/],
    ['a short key', { headers: { 'Sec-WebSocket-Key': 'dGVzdA==' } }, /Sec-WebSocket-Key/],
    ['two Hosts', { extraHeaders: ['host', 'other.example'] }, /Host/i],
    [
      'two keys',
      { extraHeaders: ['Sec-WebSocket-Key', 'dGhlIHNhbXBsZSBub25jZQ=='] },
      /Sec-WebSocket-Key/,
    ],
  ])(
    'Handshake 1: refuses %s with 400 and a sentence that names it',
    async (_what, changes, words) => {
      expectRefusal(await chat().upgrade('/chat', changes), 400, words)
    },
  )

  it('Handshake 1: runs no interceptor for a request that is not right', async () => {
    const world = chat()
    world.app.routing((route) =>
      route.intercept(() => {
        throw new Error('ran')
      }),
    )

    await world.refused('/chat', { headers: { 'Sec-WebSocket-Key': undefined } })

    expect(world.logged).toEqual([])
  })

  it('decodes parameters once, and refuses a wrong encoding with 400', async () => {
    const world = new World().install()
    const seen: string[] = []
    world.app.routing((route) =>
      route.webSocket('/rooms/:room', handler).intercept(({ parameters }) => {
        seen.push(parameters.room)
      }),
    )

    await world.accepted('/rooms/a%20b%252F')
    expectRefusal(await world.upgrade('/rooms/%zz'), 400, 'the path has invalid percent-encoding')
    expectRefusal(await world.upgrade('/rooms/%C3'), 400, 'the path has invalid percent-encoding')

    expect(seen).toEqual(['a b%2F'])
  })

  it('matches after dots are resolved, so that a scope cannot be walked around', async () => {
    const world = new World().install()
    world.app.routing((route) => {
      route.webSocket('/open/:name', handler)
      route.route('/admin', (admin) => {
        admin.intercept(() => new Response(null, { status: 401 }))
        admin.webSocket('/:name', handler)
      })
    })

    for (const path of ['/open/../admin/x', '/open/%2e%2e/admin/x', '/./admin/x']) {
      expectRefusal(await world.upgrade(path), 401, '')
    }
    expect(await world.upgrade('/open\\..\\admin/x')).toEqual({ type: 'unclaimed' })
  })
})

describe('upgrade() and the origin', () => {
  it('Handshake 3: refuses pages of another origin with 403 and a sentence', async () => {
    const world = chat()
    const refusals = refusalsOf(world)

    expectRefusal(
      await world.upgrade('/chat', { headers: { Origin: 'https://evil.example' } }),
      403,
      'Cannot upgrade: pages of https://evil.example may not connect to http://server.example.com, expected an origin that',
    )

    expect(refusals).toMatchObject([{ status: 403, reason: 'origin', route: '/chat', cause: null }])
  })

  it('Handshake 3: lets pages of its own origin, and clients without one, connect', async () => {
    const world = chat()

    for (const Origin of ['http://server.example.com', 'http://server.example.com:80', undefined]) {
      expect((await world.upgrade('/chat', { headers: { Origin } })).type).toBe('accepted')
    }
  })

  it('Handshake 3: asks the rule of the route, then that of the plugin', async () => {
    const world = new World().install({ origins: ['https://app.example.com'] })
    world.app.routing((route) => {
      route.webSocket('/plugin', handler)
      route.webSocket('/open', { origins: 'any' }, handler)
      route.webSocket(
        '/asking',
        { origins: (origin) => Promise.resolve(origin === 'null') },
        handler,
      )
    })

    await world.accepted('/plugin', { headers: { Origin: 'https://app.example.com' } })
    expect((await world.refused('/plugin', { headers: { Origin: 'null' } })).status).toBe(403)
    await world.accepted('/open', { headers: { Origin: 'https://evil.example' } })
    await world.accepted('/asking', { headers: { Origin: 'null' } })
    expect(
      (await world.refused('/asking', { headers: { Origin: 'https://x.example' } })).status,
    ).toBe(403)
  })

  it('Handshake 3: compares with the origin that a resolver trusts', async () => {
    const world = chat()
    world.app.resolveOrigin((origin) => ({ ...origin, scheme: 'https', port: 443 }))

    await world.accepted('/chat', { headers: { Origin: 'https://server.example.com' } })
    expect(
      (await world.refused('/chat', { headers: { Origin: 'http://server.example.com' } })).status,
    ).toBe(403)
  })

  it('answers 500 when a rule or a resolver throws', async () => {
    const failure = new Error('no')
    const world = chat({ origins: () => Promise.reject(failure) })

    expectRefusal(
      await world.upgrade('/chat', { headers: { Origin: 'null' } }),
      500,
      'Cannot upgrade: the server failed',
    )
    expect(world.logged).toEqual([['WebSocket upgrade failed', failure]])
  })
})

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

describe('upgrade() and subprotocols', () => {
  function speaking(options: { readonly requireProtocol?: boolean } = {}): World {
    const world = new World().install()
    world.app.routing((route) =>
      route.webSocket('/chat', { protocols: ['v2', 'v1'], ...options }, handler),
    )
    return world
  }

  it('Handshake 4: answers ours in order of preference that the client offered', async () => {
    const headers = await speaking().accepted('/chat', {
      headers: { 'Sec-WebSocket-Protocol': 'v1, v2' },
    })

    expect(headers.get('sec-websocket-protocol')).toBe('v2')
  })

  it('Handshake 4: sends none without an overlap', async () => {
    const headers = await speaking().accepted('/chat', {
      headers: { 'Sec-WebSocket-Protocol': 'v3' },
    })

    expect(headers.has('sec-websocket-protocol')).toBe(false)
  })

  it('Handshake 4: refuses with 400 where the route requires one', async () => {
    const world = speaking({ requireProtocol: true })
    const refusals = refusalsOf(world)
    const changes = { headers: { 'Sec-WebSocket-Protocol': 'v3' } }

    expectRefusal(await world.upgrade('/chat', changes), 400, 'Sec-WebSocket-Protocol')
    expectRefusal(await world.upgrade('/chat'), 400, 'Sec-WebSocket-Protocol')
    await world.accepted('/chat', { headers: { 'Sec-WebSocket-Protocol': 'v1' } })

    expect(refusals.map(({ reason }) => reason)).toEqual(['protocol', 'protocol'])
  })

  it('Handshake 4: lets a function choose, which knows what interceptors left', async () => {
    const Tenant = new AttributeKey<string>('Tenant')
    const world = new World().install()
    world.app.routing((route) => {
      route.intercept(({ attributes }) => attributes.put(Tenant, 'v1'))
      route.webSocket(
        '/chat',
        {
          protocols: (offered, call) =>
            offered.find((p) => p === call.attributes.get(Tenant)) ?? null,
        },
        handler,
      )
    })

    const headers = await world.accepted('/chat', {
      headers: { 'Sec-WebSocket-Protocol': 'v2, v1' },
    })

    expect(headers.get('sec-websocket-protocol')).toBe('v1')
  })

  it('answers 500 for a choice that was not offered', async () => {
    const world = new World().install()
    world.app.routing((route) => route.webSocket('/chat', { protocols: () => 'mine' }, handler))

    const outcome = await world.upgrade('/chat', { headers: { 'Sec-WebSocket-Protocol': 'v1' } })

    expectRefusal(outcome, 500, 'the server failed')
    expect(world.logged).toHaveLength(1)
  })
})

describe('upgrade() and interceptors', () => {
  function intercepted(...interceptors: readonly Interceptor[]): World {
    const world = chat()
    world.app.routing((route) => {
      for (const interceptor of interceptors) route.intercept(interceptor)
    })
    return world
  }

  it('Handshake 5: sends what interceptors put on the response with the 101, every cookie', async () => {
    const world = intercepted(async ({ response }, next) => {
      response.headers.append('Set-Cookie', 'session=1; HttpOnly')
      await next()
      response.headers.append('Set-Cookie', 'seen=2')
    })

    const headers = await world.accepted('/chat')

    expect(headers.getSetCookie()).toEqual(['session=1; HttpOnly', 'seen=2'])
  })

  it('Handshake 5: refuses with a Response: status, headers, body, and what others added', async () => {
    const world = intercepted(
      ({ response }) => response.headers.set('x-trace', '7'),
      () =>
        new Response('log in first', { status: 401, headers: { 'www-authenticate': 'Bearer' } }),
    )
    const refusals = refusalsOf(world)

    const outcome = await world.refused('/chat')

    expect(outcome.status).toBe(401)
    expect(sentenceOf(outcome)).toBe('log in first')
    expect(outcome.headers).toEqual([
      ['content-type', 'text/plain;charset=UTF-8'],
      ['www-authenticate', 'Bearer'],
      ['x-trace', '7'],
    ])
    expect(refusals).toMatchObject([{ status: 401, reason: 'interceptor' }])
  })

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

  it('runs the choice of a subprotocol in the context of the interceptors', async () => {
    const storage = new AsyncLocalStorage<string>()
    const world = new World().install()
    world.app.routing((route) => {
      route.intercept((_call, next) => storage.run('v1', next))
      route.webSocket('/chat', { protocols: () => storage.getStore() ?? null }, handler)
    })

    const headers = await world.accepted('/chat', { headers: { 'Sec-WebSocket-Protocol': 'v1' } })

    expect(headers.get('sec-websocket-protocol')).toBe('v1')
  })
})

describe('upgrade() of a stopping application', () => {
  it('refuses with 503 and Retry-After, and leaves other paths to others', async () => {
    const world = chat()
    const refusals = refusalsOf(world)
    await world.app.stop()

    const outcome = await world.refused('/chat')

    expect(outcome.status).toBe(503)
    expect(outcome.headers).toContainEqual(['retry-after', '5'])
    expect(await world.upgrade('/other')).toEqual({ type: 'unclaimed' })
    expect(refusals).toMatchObject([{ status: 503, reason: 'stopping' }])
  })

  it('refuses what was on its way through the interceptors', async () => {
    const gate = new Deferred<void>()
    const world = chat()
    world.app.routing((route) => route.intercept(() => gate.promise))
    const outcome = world.upgrade('/chat')
    await settled()

    await world.app.stop()
    gate.resolve()

    expectRefusal(await outcome, 503, 'the server is stopping')
  })
})

describe('upgrade() and extensions', () => {
  const offering = { headers: { 'Sec-WebSocket-Extensions': 'permessage-deflate, x-unknown' } }
  const answered = 'permessage-deflate; server_max_window_bits=12'

  it('agrees to what is installed and offered', async () => {
    const world = chat({ extensions: [permessageDeflate()] })

    expect((await world.accepted('/chat', offering)).get('sec-websocket-extensions')).toBe(answered)
    expect((await world.accepted('/chat')).has('sec-websocket-extensions')).toBe(false)
  })

  it('declines offers that are wrong, and upgrades all the same', async () => {
    const world = chat({ extensions: [permessageDeflate()] })
    const headers = await world.accepted('/chat', {
      headers: { 'Sec-WebSocket-Extensions': 'permessage-deflate; server_max_window_bits=99' },
    })

    expect(headers.has('sec-websocket-extensions')).toBe(false)
  })

  it('agrees to nothing by default', async () => {
    const headers = await chat().accepted('/chat', offering)

    expect(headers.has('sec-websocket-extensions')).toBe(false)
  })

  it('lets a route have others than the plugin says, or none', async () => {
    const world = new World().install({ extensions: [permessageDeflate()] })
    world.app.routing((route) => {
      route.webSocket('/none', { extensions: [] }, handler)
      route.route(
        '/small',
        { extensions: [permessageDeflate({ serverMaxWindowBits: 9 })] },
        (small) => small.webSocket('/chat', handler),
      )
    })
    const none = await world.accepted('/none', offering)
    const small = await world.accepted('/small/chat', offering)

    expect(none.has('sec-websocket-extensions')).toBe(false)
    expect(small.get('sec-websocket-extensions')).toBe(
      'permessage-deflate; server_max_window_bits=9',
    )
  })

  it('agrees to none for a raw session, which shows frames as they travel', async () => {
    const world = new World().install({ extensions: [permessageDeflate()] })
    world.app.routing((route) => route.webSocketRaw('/raw', handler))

    expect((await world.accepted('/raw', offering)).has('sec-websocket-extensions')).toBe(false)
  })

  it('finds a conflict where extensions are installed and where a route is declared', () => {
    const two = [permessageDeflate(), permessageDeflate()]
    const world = new World().install()

    expect(() => new World().install({ extensions: two })).toThrow(ExtensionConflictError)
    expect(() =>
      world.app.routing((route) => route.webSocket('/', { extensions: two }, handler)),
    ).toThrow(ExtensionConflictError)
  })
})
