import { describe, expect, it } from 'vitest'
import type { WebSocketClientOptions } from '../../../src/client/opening/client-options.ts'
import { readClientOptions } from '../../../src/client/opening/client-options.ts'
import { ConnectError, UpgradeRefusedError } from '../../../src/client/opening/errors.ts'
import { openSession, type OpeningExtras } from '../../../src/client/opening/open-session.ts'
import type { OpenedSession } from '../../../src/client/opening/opened-session.ts'
import { type Extension, permessageDeflate } from '../../../src/extensions/index.ts'
import {
  CloseReason,
  Frame,
  HandshakeError,
  type HeaderList,
  HttpHeaders,
} from '../../../src/protocol/index.ts'
import { memoryEnvironment, settled } from '../../support/memory-world.ts'
import {
  answers,
  type DialAnswer,
  hangs,
  ScriptedDialer,
  switching,
} from '../../support/scripted-dialer.ts'

function world(...script: readonly DialAnswer[]) {
  const environment = memoryEnvironment()
  const server = switching(environment)
  const dialer = new ScriptedDialer(...script, server.answer)
  const open = (
    url: string = 'ws://example.com/',
    options: WebSocketClientOptions = {},
    extras?: OpeningExtras,
  ): Promise<OpenedSession> =>
    openSession(dialer, environment, url, readClientOptions(options), extras)
  return { environment, clock: environment.clock, dialer, open, ...server }
}

/** A server whose 101 has these headers in the place of the right ones. */
function switchingWith(headers: HeaderList) {
  const environment = memoryEnvironment()
  const server = switching(environment, headers)
  const open = (options: WebSocketClientOptions = {}): Promise<OpenedSession> =>
    openSession(
      new ScriptedDialer(server.answer),
      environment,
      'ws://example.com/',
      readClientOptions(options),
    )
  return { open, ...server }
}

const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => null,
    (error: unknown) => error,
  )

describe('openSession()', () => {
  it('asks for an upgrade (RFC 6455 §4.1), and has a session that masks', async () => {
    const { open, dialer, server } = world()

    const session = await open('ws://example.com/a?b=c')
    await session.send('hello')

    expect(dialer.requests[0]?.url.href).toBe('ws://example.com/a?b=c')
    expect(dialer.requests[0]?.headers).toEqual([
      ['Host', 'example.com'],
      ['Upgrade', 'websocket'],
      ['Connection', 'Upgrade'],
      ['Sec-WebSocket-Key', 'AQIDBAUGBwgJCgsMDQ4PEA=='],
      ['Sec-WebSocket-Version', '13'],
    ])
    // A server's decoder takes nothing without a mask.
    expect(String(await server.incoming.receive())).toBe('Frame.Text "hello"')
    expect(session.masking).toBe(true)
    expect(session.url).toBe('ws://example.com/a?b=c')
    expect(session.response.status).toBe(101)
    expect(session.protocol).toBe(null)
  })

  it('offers subprotocols and extensions, and has what the server chose', async () => {
    const { open } = switchingWith([
      ['Sec-WebSocket-Protocol', 'b'],
      ['Sec-WebSocket-Extensions', 'permessage-deflate; client_max_window_bits=10'],
    ])

    const session = await open({ protocols: ['a', 'b'], extensions: [permessageDeflate()] })

    expect(session.protocol).toBe('b')
    expect(session.response.headers.get('sec-websocket-protocol')).toBe('b')
  })

  it('keeps the credentials of the URL out of url, and sends them as Basic', async () => {
    const { open, dialer } = world()

    const session = await open('ws://ada:secret@example.com/')

    expect(session.url).toBe('ws://example.com/')
    expect(dialer.requests[0]?.url.href).toBe('ws://example.com/')
    expect(dialer.headers(0).get('authorization')).toBe('Basic YWRhOnNlY3JldA==')
  })

  it('rejects a URL that means nothing before anything is dialled', async () => {
    const { open, dialer } = world()

    await expect(open('ftp://example.com/')).rejects.toThrow(TypeError)
    expect(dialer.requests).toEqual([])
  })

  it('begins a session whose id is random, or as it is told', async () => {
    const { open } = world()
    const named = world()

    expect((await open()).id).toMatch(/^[\w-]{22}$/)
    const extras = { id: 'mine', failed: () => {} }
    expect((await named.open('ws://x/', {}, extras)).id).toBe('mine')
  })

  it('passes on what the dialer rejects with', async () => {
    const error = new ConnectError('resolve', 'no such host')
    const { open } = world(() => Promise.reject(error))

    expect(await failure(open())).toBe(error)
  })
})

describe('openSession() with an extension of the application', () => {
  it.each(['agree', 'open'])('that throws in %s() drops the connection', async (method) => {
    const { open, server } = switchingWith([['Sec-WebSocket-Extensions', 'custom']])
    const failed = new Error('broken')
    const throws = (): never => {
      throw failed
    }
    const agreement = { parameters: [], open: throws }
    const extension: Extension = {
      name: 'custom',
      reservedBits: 0,
      accept: () => null,
      offer: () => [[]],
      agree: method === 'agree' ? throws : () => agreement,
    }

    expect(await failure(open({ extensions: [extension] }))).toBe(failed)
    expect(await server.closed).toMatchObject({ reason: { code: 1006 } })
  })
})

describe('openSession() checks the answer', () => {
  it.each<[string, HeaderList, WebSocketClientOptions]>([
    [
      'another Sec-WebSocket-Accept',
      [['Sec-WebSocket-Accept', 'AAAAAAAAAAAAAAAAAAAAAAAAAAA=']],
      {},
    ],
    ['another Upgrade', [['Upgrade', 'h2c']], {}],
    ['no Connection: Upgrade', [['Connection', 'close']], {}],
    ['a subprotocol without any offer', [['Sec-WebSocket-Protocol', 'a']], {}],
    ['another subprotocol', [['Sec-WebSocket-Protocol', 'c']], { protocols: ['a'] }],
    ['an extension without any offer', [['Sec-WebSocket-Extensions', 'permessage-deflate']], {}],
    [
      'parameters that do not match the offer',
      [['Sec-WebSocket-Extensions', 'permessage-deflate; x=1']],
      { extensions: [permessageDeflate()] },
    ],
  ])('and refuses %s, dropping the connection', async (_what, headers, options) => {
    const { open, server } = switchingWith(headers)

    const error = await failure(open(options))

    expect(error).toBeInstanceOf(ConnectError)
    expect(error).toMatchObject({ step: 'protocol', cause: { status: 101 } })
    expect((error as ConnectError).cause).toBeInstanceOf(HandshakeError)
    expect(await server.closed).toMatchObject({ reason: { code: 1006 } })
  })

  it('and refuses anything but 101, with status, headers and body', async () => {
    const { open } = world(answers(401, [['WWW-Authenticate', 'Bearer']], 'who are you?'))

    const error = await failure(open())

    expect(error).toBeInstanceOf(UpgradeRefusedError)
    expect(error).toMatchObject({ status: 401, body: 'who are you?' })
    expect((error as UpgradeRefusedError).headers.get('www-authenticate')).toBe('Bearer')
  })

  it('and refuses anything but 200 where it asked by an extended CONNECT (RFC 8441 §5)', async () => {
    const refusing = answers(404, [], 'nothing here')
    const { open } = world(async (request) => ({
      ...(await refusing(request)),
      bootstrap: 'connect',
    }))

    const error = await failure(open())

    expect(error).toMatchObject({ status: 404, body: 'nothing here' })
    expect(String(error)).toContain('expected 200')
  })

  it('and takes a 200 to an extended CONNECT, without an accept value', async () => {
    const environment = memoryEnvironment()
    const { answer } = switching(environment)
    const dialer = new ScriptedDialer(async (request) => {
      const switched = await answer(request)
      const response = { status: 200, headers: new HttpHeaders([]) }
      return { ...switched, bootstrap: 'connect', response }
    })

    const session = await openSession(dialer, environment, 'ws://a.test/', readClientOptions({}))

    expect(session.response.status).toBe(200)
    session.terminate()
  })

  it('and shows a body that is no UTF-8 as far as it can be', async () => {
    const { open } = world(() => ({
      type: 'answered',
      response: { status: 500, headers: new Map() as never },
      body: Uint8Array.of(0x61, 0xff),
    }))

    expect(await failure(open())).toMatchObject({ body: 'a\uFFFD' })
  })
})

describe('openSession() has deadlines', () => {
  it.each([
    [[], 'resolve'],
    [['connect'], 'connect'],
    [['connect', 'tls'], 'tls'],
  ] as const)('for the connection, which stood still after %j', async (entered, step) => {
    const { open, clock, dialer } = world(hangs(entered))
    const failed = failure(open('ws://x/', { connectTimeout: { milliseconds: 500 } }))

    await clock.advance(499)
    expect(dialer.requests[0]?.signal.aborted).toBe(false)
    await clock.advance(1)

    const error = await failed
    expect(error).toBeInstanceOf(ConnectError)
    expect(error).toMatchObject({ step })
    expect((error as Error).message).toBe(
      `Cannot open WebSocket: no connection within 500 ms (step: ${step})`,
    )
    expect(clock.pendingTimers).toBe(0)
  })

  it('for the answer, counted from when the connection is there', async () => {
    const { open, clock } = world(async (request) => {
      await clock.advance(0)
      return hangs(['connect', 'handshake'])(request)
    })
    const failed = failure(
      open('ws://x/', {
        handshakeTimeout: { milliseconds: 700 },
        connectTimeout: { milliseconds: 500 },
      }),
    )

    await clock.advance(699)
    await clock.advance(1)

    expect(await failed).toMatchObject({
      step: 'handshake',
      message: 'Cannot open WebSocket: no answer within 700 ms (step: handshake)',
    })
    expect(clock.pendingTimers).toBe(0)
  })

  it('and none with null', async () => {
    const { open, clock } = world(hangs())
    const leaving = new AbortController()
    const failed = failure(
      open('ws://x/', { connectTimeout: null, handshakeTimeout: null, signal: leaving.signal }),
    )

    expect(clock.pendingTimers).toBe(0)
    leaving.abort('enough')
    expect(await failed).toBe('enough')
  })

  it('and leaves no timer behind once the session is open', async () => {
    const { open, clock } = world()

    await open()

    expect(clock.pendingTimers).toBe(0)
  })
})

describe('openSession() follows a signal', () => {
  it('that has fired before: nothing is dialled', async () => {
    const { open, dialer } = world()

    expect(await failure(open('ws://x/', { signal: AbortSignal.abort('no') }))).toBe('no')
    expect(dialer.requests).toEqual([])
  })

  it('that fires meanwhile: the dialer drops what it has, and no listener stays behind', async () => {
    const { open, dialer, clock } = world(hangs(['connect']))
    const leaving = new AbortController()
    const failed = failure(open('ws://x/', { signal: leaving.signal }))
    await settled()

    leaving.abort(new Error('enough'))

    expect(await failed).toMatchObject({ message: 'enough' })
    expect(dialer.requests[0]?.signal.reason).toMatchObject({ message: 'enough' })
    expect(clock.pendingTimers).toBe(0)
  })

  it('that fires just as the server switches: the connection is dropped', async () => {
    const leaving = new AbortController()
    const environment = memoryEnvironment()
    const { server, answer } = switching(environment)
    const dialer = new ScriptedDialer((request) => {
      leaving.abort('late')
      return answer(request)
    })
    const settings = readClientOptions({ signal: leaving.signal })

    expect(await failure(openSession(dialer, environment, 'ws://x/', settings))).toBe('late')
    expect(await server.closed).toMatchObject({ reason: { code: 1006 } })
  })

  it('rather than the answer that comes at the same time', async () => {
    const leaving = new AbortController()
    const { open } = world((request) => {
      leaving.abort('late')
      return answers(401)(request)
    })

    expect(await failure(open('ws://x/', { signal: leaving.signal }))).toBe('late')
  })

  it('that fires later: the session is closed with 1001', async () => {
    const { open, server } = world()
    const leaving = new AbortController()
    const session = await open('ws://x/', { signal: leaving.signal })

    leaving.abort()

    expect(await server.incoming.receive()).toEqual(new Frame.Close(new CloseReason(1001)))
    expect((await session.closeReason).code).toBe(1001)
  })
})

describe('openSession() and redirects', () => {
  const to = (location: string, status = 302): DialAnswer =>
    answers(status, [['Location', location]])
  const own: WebSocketClientOptions = {
    followRedirects: 3,
    cookies: { user: 'ada' },
    headers: { Authorization: 'Bearer x', 'Proxy-Authorization': 'y', Host: 'front', 'X-A': '1' },
  }

  it('takes one for a refusal unless it is asked for', async () => {
    const { open, dialer } = world(to('/b'))

    expect(await failure(open())).toMatchObject({ name: 'UpgradeRefusedError', status: 302 })
    expect(dialer.requests).toHaveLength(1)
  })

  it.each([301, 302, 303, 307, 308])('follows %i', async (status) => {
    const { open, dialer } = world(to('/b?c', status))

    const session = await open('ws://example.com/a', own)

    expect(session.url).toBe('ws://example.com/b?c')
    expect(dialer.requests.map(({ url }) => url.href)).toEqual([
      'ws://example.com/a',
      'ws://example.com/b?c',
    ])
  })

  it.each([300, 304, 305])('takes %i for a refusal all the same', async (status) => {
    const { open } = world(to('/b', status))

    expect(await failure(open('ws://x/', own))).toMatchObject({ status })
  })

  it('asks with a new key each time', async () => {
    const { open, dialer } = world(to('/b'))

    await open('ws://example.com/', own)

    const keys = [0, 1].map((index) => dialer.headers(index).get('sec-websocket-key'))
    expect(keys[0]).not.toBe(keys[1])
  })

  it('keeps credentials on the same origin', async () => {
    const { open, dialer } = world(to('ws://example.com:80/b'))

    await open('ws://example.com/', own)

    expect(dialer.headers(1).get('authorization')).toBe('Bearer x')
    expect(dialer.headers(1).get('cookie')).toBe('user=ada')
    expect(dialer.requests[1]?.isElsewhere).toBe(false)
  })

  it.each([
    ['another host', 'ws://other.example/'],
    ['another port', 'ws://example.com:81/'],
    ['another scheme', 'wss://example.com/'],
    ['a host with credentials of its own', 'ws://eve:x@other.example/'],
  ])('drops credentials on the way to %s', async (_what, location) => {
    const { open, dialer } = world(to(location))

    await open('ws://example.com/', own)

    const headers = dialer.headers(1)
    for (const name of ['authorization', 'cookie', 'proxy-authorization']) {
      expect(headers.has(name)).toBe(false)
    }
    expect(headers.get('host')).toBe(new URL(location).host)
    expect(headers.get('x-a')).toBe('1')
    expect(dialer.requests[1]?.isElsewhere).toBe(true)
  })

  it('drops the credentials of the URL too, and for good', async () => {
    const { open, dialer } = world(to('ws://other.example/'), to('ws://example.com/back'))

    await open('ws://ada:secret@example.com/', { followRedirects: 2 })

    expect(dialer.headers(0).has('authorization')).toBe(true)
    expect(dialer.headers(1).has('authorization')).toBe(false)
    expect(dialer.headers(2).has('authorization')).toBe(false)
    expect(dialer.requests[2]?.isElsewhere).toBe(true)
  })

  it.each([
    ['from wss: to ws:', 'ws://example.com/', 'with a Location from wss: to ws:'],
    ['to another scheme', 'ftp://example.com/', 'with an unknown scheme in Location'],
  ])('refuses one %s', async (_what, location, why) => {
    const { open, dialer } = world(to(location))

    const error = await failure(open('wss://example.com/', own))

    expect(error).toMatchObject({ name: 'UpgradeRefusedError', status: 302 })
    expect((error as Error).message).toContain(why)
    expect(dialer.requests).toHaveLength(1)
  })

  it('refuses one without a Location', async () => {
    const { open } = world(answers(302))

    await expect(open('ws://x/', own)).rejects.toThrow('without a Location header')
  })

  it('ends a circle at the bound', async () => {
    const { open, dialer } = world(to('/a'), to('/b'), to('/a'), to('/b'), to('/a'))

    const error = await failure(open('ws://x/', own))

    expect(error).toMatchObject({ name: 'UpgradeRefusedError', status: 302 })
    expect((error as Error).message).toContain('after 3 redirects')
    expect(dialer.requests).toHaveLength(4)
  })

  it('gives each request its own deadline', async () => {
    const { open, clock, dialer } = world(async (request) => {
      await clock.advance(0)
      return to('/b')(request)
    }, hangs())
    const failed = failure(open('ws://x/', { ...own, connectTimeout: { milliseconds: 100 } }))
    await settled()

    await clock.advance(100)

    expect(dialer.requests).toHaveLength(2)
    expect(await failed).toMatchObject({ step: 'resolve' })
    expect(clock.pendingTimers).toBe(0)
  })
})
