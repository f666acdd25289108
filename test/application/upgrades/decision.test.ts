import { AsyncLocalStorage } from 'node:async_hooks'

import { describe, expect, it } from 'vitest'

import type { Interceptor } from '../../../src/application/application.ts'
import { Deferred } from '../../../src/base/internal.ts'
import { AttributeKey } from '../../../src/base/index.ts'
import {
  type Extension,
  type ExtensionAgreement,
  ExtensionConflictError,
  permessageDeflate,
} from '../../../src/extensions/index.ts'
import { settled } from '../../support/memory-world.ts'
import { handler, chat, expectRefusal, refusalsOf, sentenceOf, World } from '../upgrade-client.ts'

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

  it('answers 500 when the agreement of an extension cannot be written, after an interceptor too', async () => {
    const faulty: Extension = {
      name: 'x-faulty',
      reservedBits: 0,
      // What code in plain JavaScript may return.
      accept: () => Object.create(null) as ExtensionAgreement,
      offer: () => [],
      agree: () => null,
    }
    const offer = { headers: { 'Sec-WebSocket-Extensions': 'x-faulty' } }
    for (const intercepts of [false, true]) {
      const world = new World().install({ extensions: [faulty] })
      world.app.routing((route) => {
        if (intercepts) route.intercept(() => Promise.resolve(undefined))
        route.webSocket('/chat', handler)
      })

      expectRefusal(await world.upgrade('/chat', offer), 500, 'the server failed')
    }
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
