import { DEFAULT_SETTINGS } from '../../../src/session/session-options.ts'
import { describe, expect, expectTypeOf, it } from 'vitest'

import type {
  Interceptor,
  Route,
  WebSocketRouteOptions,
} from '../../../src/application/application.ts'
import { createApplication } from '../../../src/application/create-application.ts'
import { RouteScope, type WebSocketRoute } from '../../../src/application/routing/route-scope.ts'
import { createRouteTree } from '../../../src/application/routing/route-tree.ts'
import { WebSockets } from '../../../src/application/sessions/websockets-plugin.ts'

/** A root whose plugin is installed with the defaults, and a way to look routes up. */
function createRoot() {
  const routes = createRouteTree<WebSocketRoute>()
  const plugin = createApplication().install(WebSockets)
  const scope = new RouteScope({ routes, pluginSettings: () => plugin })
  const at = (path: string): WebSocketRoute => {
    const match = routes.find(path)
    if (match === null) throw new Error(`expected a route at ${path}`)
    return match.value
  }
  const route: Route<''> = scope
  return { route, at, routes }
}

const handler = (): void => {}

describe('webSocket()', () => {
  it('declares a route with the settings of the plugin', () => {
    const { route, at } = createRoot()

    route.webSocket('/chat', handler)

    expect(at('/chat')).toMatchObject({
      path: '/chat',
      kind: 'default',
      handler,
      settings: DEFAULT_SETTINGS,
      handshakeTimeout: 10_000,
      origins: 'same-origin',
      protocols: [],
      requireProtocol: false,
    })
  })

  it('answers the route, whose interceptors are its own', () => {
    const { route, at } = createRoot()
    const interceptor: Interceptor = () => {}

    const chat = route.webSocket('/chat', handler)
    chat.intercept(interceptor)
    route.webSocket('/other', handler)

    expect(chat.path).toBe('/chat')
    expect(at('/chat').interceptors()).toEqual([interceptor])
    expect(at('/other').interceptors()).toEqual([])
  })

  it('lets options of a route override those of the plugin, each by itself', () => {
    const { route, at } = createRoot()

    route.webSocket(
      '/chat',
      {
        pingPeriod: { seconds: 30 },
        channels: { outgoing: { onOverflow: 'drop-oldest' } },
        origins: 'any',
        protocols: ['v1'],
        requireProtocol: true,
      },
      handler,
    )

    expect(at('/chat')).toMatchObject({
      settings: {
        ...DEFAULT_SETTINGS,
        pingInterval: 30_000,
        outgoing: { capacity: 64, maxBytes: 1_048_576, onOverflow: 'drop-oldest' },
      },
      origins: 'any',
      protocols: ['v1'],
      requireProtocol: true,
    })
  })

  it('webSocketRaw() declares a raw route', () => {
    const { route, at } = createRoot()

    route.webSocketRaw('/frames', handler)

    expect(at('/frames').kind).toBe('raw')
  })

  it('refuses a second handler for the same paths, where it is declared', () => {
    const { route } = createRoot()
    route.webSocket('/rooms/:room', handler)

    expect(() => route.webSocket('/rooms/:id', handler)).toThrow(
      expect.objectContaining({
        code: 'TOWPATH_ROUTE_CONFLICT',
        path: '/rooms/:id',
        existing: '/rooms/:room',
      }),
    )
    expect(() => route.webSocketRaw('/rooms/:room', handler)).toThrow('it has a handler already')
    expect(() => route.route('/rooms', (rooms) => rooms.webSocket('/:name', handler))).toThrow(
      'Cannot declare route "/rooms/:name": "/rooms/:room" matches the same paths',
    )
  })

  it.each([
    [
      'chat',
      'Cannot declare webSocket route "chat": the path is "chat", expected one that begins with "/"',
    ],
    ['', 'the path is "", expected one that begins with "/"'],
    [7, 'Cannot declare webSocket route 7: the path is 7'],
    ['/a/:x/:x', 'Cannot use path "/a/:x/:x": the pattern is invalid (duplicate param name "x")'],
  ])('refuses the path %j', (path, message) => {
    // @ts-expect-error -- what JavaScript may do
    expect(() => createRoot().route.webSocket(path, handler)).toThrow(message)
  })

  it('refuses a handler that is none', () => {
    const { route, routes } = createRoot()

    // @ts-expect-error -- what JavaScript may do
    expect(() => route.webSocket('/a', { pingPeriod: { milliseconds: 1 } })).toThrow(
      'Cannot declare webSocket route "/a": the handler is an object, expected a function',
    )
    // @ts-expect-error -- what JavaScript may do
    expect(() => route.webSocket('/a')).toThrow('the handler is undefined, expected a function')
    expect(routes.find('/a')).toBe(null)
  })

  it.each([
    [
      { pingPeriode: 1 },
      'Cannot declare webSocket route "/a": unknown option "pingPeriode", expected "pingPeriod"',
    ],
    [{ perMessageDeflate: true }, 'expected extensions: [permessageDeflate()]'],
    [{ handshakeTimeout: 1 }, 'unknown option "handshakeTimeout"'],
    [{ requireProtocol: 'yes' }, 'option "requireProtocol" is a string, expected true or false'],
    [{ protocols: ['a b'] }, 'option "protocols" has "a b"'],
    [{ origins: ['example.com'] }, 'option "origins" has "example.com"'],
    [{ maxFrameSize: 0 }, 'option "maxFrameSize" is 0'],
    [null, 'the options argument is null, expected an object'],
  ])('refuses the options %j', (options, message) => {
    // @ts-expect-error -- what JavaScript may do
    expect(() => createRoot().route.webSocket('/a', options, handler)).toThrow(message)
  })
})

describe('route()', () => {
  it('nests paths, and answers the place', () => {
    const { route, at } = createRoot()

    const rooms = route.route('/rooms', (below) => {
      below.webSocket('/', handler)
      below.route('/:room/', (room) => room.webSocket('/tail', handler))
    })
    rooms.webSocket('/later', handler)

    expect(rooms.path).toBe('/rooms')
    expect(at('/rooms').path).toBe('/rooms')
    expect(at('/rooms/a/tail').path).toBe('/rooms/:room/tail')
    expect(at('/rooms/later').path).toBe('/rooms/later')
  })

  it('runs interceptors of outer places first, declared before or after', () => {
    const { route, at } = createRoot()
    const [first, second, third, last]: Interceptor[] = [() => {}, () => {}, () => {}, () => {}]
    if (!first || !second || !third || !last) throw new Error('expected four')

    route.intercept(first)
    route.route('/a', (a) => {
      a.webSocket('/b', handler).intercept(last)
      a.intercept(third)
    })
    route.intercept(second)

    expect(at('/a/b').interceptors()).toEqual([first, second, third, last])
  })

  it('keeps interceptors and options to its own block', () => {
    const { route, at } = createRoot()
    const interceptor: Interceptor = () => {}

    route.route('/a', { maxFrameSize: 10 }, (a) => {
      a.intercept(interceptor)
      a.webSocket('/guarded', handler)
    })
    route.route('/a', (a) => a.webSocket('/open', handler))

    expect(at('/a/guarded').interceptors()).toEqual([interceptor])
    expect(at('/a/guarded').settings.maxFrameSize).toBe(10)
    expect(at('/a/open').interceptors()).toEqual([])
    expect(at('/a/open').settings.maxFrameSize).toBe(Infinity)
  })

  it('lays options over one another, the inner ones last', () => {
    const { route, at } = createRoot()
    const outer: WebSocketRouteOptions = {
      maxFrameSize: 10,
      pingPeriod: { milliseconds: 5 },
      protocols: ['v1'],
    }

    route.route('/a', outer, (a) => {
      a.route('/b', { maxFrameSize: 20 }, (b) => {
        b.webSocket('/c', { pingPeriod: null }, handler)
      })
    })

    expect(at('/a/b/c')).toMatchObject({
      protocols: ['v1'],
      settings: { maxFrameSize: 20, pingInterval: null },
    })
  })

  it('takes a copy of its options', () => {
    const { route, at } = createRoot()
    const options = { maxFrameSize: 10 }

    route.route('/a', options, (a) => {
      options.maxFrameSize = -1
      a.webSocket('/b', handler)
    })

    expect(at('/a/b').settings.maxFrameSize).toBe(10)
  })

  it('refuses an async block, a path without slash, and unknown options', () => {
    const { route } = createRoot()

    // oxlint-disable-next-line typescript/no-misused-promises -- what must be refused
    expect(() => route.route('/a', () => Promise.resolve())).toThrow(
      'Cannot declare routes below "/a": the block is async',
    )
    expect(() => route.route('a', () => {})).toThrow('expected one that begins with "/"')
    // @ts-expect-error -- a slip of the fingers
    expect(() => route.route('/a', { origin: 'any' }, () => {})).toThrow(
      'Cannot declare routes below "/a": unknown option "origin", expected "origins"',
    )
  })
})

describe('intercept()', () => {
  it('refuses what is no function', () => {
    // @ts-expect-error -- what JavaScript may do
    expect(() => createRoot().route.intercept('auth')).toThrow(
      'Cannot intercept at "/": the interceptor is a string, expected a function',
    )
  })
})

describe('the types of routes', () => {
  it('give the handler the parameters of its path, of places further out too', () => {
    const { route } = createRoot()

    route.webSocket('/users/:user/:tab?', ({ call }) => {
      expectTypeOf(call.parameters.user).toEqualTypeOf<string>()
      expectTypeOf(call.parameters.tab).toEqualTypeOf<string | undefined>()
      // @ts-expect-error -- the path has no such parameter
      void call.parameters.room
    })
    route.route('/rooms/:room', (rooms) => {
      rooms.intercept(({ parameters }) => {
        expectTypeOf(parameters.room).toEqualTypeOf<string>()
        expectTypeOf(parameters['elsewhere']).toEqualTypeOf<string | undefined>()
      })
      rooms.webSocketRaw('/files/**:rest', ({ call }) => {
        expectTypeOf(call.parameters).toEqualTypeOf<{
          readonly room: string
          readonly rest: string
        }>()
      })
    })
    route.intercept(({ parameters }) => {
      expectTypeOf(parameters['anything']).toEqualTypeOf<string | undefined>()
    })
  })

  it('let functions that declare be given any place', () => {
    const declareEcho = (route: Route): void => {
      route.webSocket('/echo', ({ call }) => {
        expectTypeOf(call.parameters['room']).toEqualTypeOf<string | undefined>()
      })
    }
    const { route, at } = createRoot()

    declareEcho(route)
    route.route('/rooms/:room', declareEcho)

    expect(at('/echo').path).toBe('/echo')
    expect(at('/rooms/a/echo').path).toBe('/rooms/:room/echo')
  })

  it('keep what only the upper level has from raw handlers', () => {
    const { route } = createRoot()

    route.webSocketRaw('/raw', (session) => {
      // @ts-expect-error -- raw sessions send no pings
      void session.pingInterval
    })
    route.webSocket('/default', (session) => {
      expectTypeOf(session.pingInterval).toEqualTypeOf<number | null>()
    })
  })
})
