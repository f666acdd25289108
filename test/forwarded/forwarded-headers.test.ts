import { describe, expect, it } from 'vitest'

import type { RequestOrigin } from '../../src/application/index.ts'
import {
  ForwardedHeaders,
  type ForwardedHeadersOptions,
} from '../../src/forwarded/forwarded-headers.ts'
import { expectRefusal, type RequestChanges, World } from '../application/upgrade-client.ts'

const ALL_X = [
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-forwarded-host',
  'x-forwarded-port',
] as const

const PROXY = { host: '10.0.0.1', port: 40_000 }

/** Everything that a client could want to be taken for. */
const CLAIMS = [
  'X-Forwarded-For',
  '127.0.0.1',
  'X-Forwarded-Proto',
  'https',
  'X-Forwarded-Host',
  'admin.example.com',
  'X-Forwarded-Port',
  '8443',
  'Forwarded',
  'for=127.0.0.1;proto=https;host=admin.example.com',
]

/** An application with the plugin; it answers with what it takes for the origin of a request. */
function world(options?: ForwardedHeadersOptions) {
  const it = new World().install()
  if (options !== undefined) it.app.install(ForwardedHeaders, options)
  const seen: RequestOrigin[] = []
  it.app.routing((route) => {
    route.webSocket('/', () => {})
    route.intercept(({ request }) => {
      seen.push(request.origin)
    })
  })
  return {
    it,
    originOf: async (changes: RequestChanges): Promise<RequestOrigin | undefined> => {
      seen.length = 0
      await it.accepted('/', changes)
      return seen[0]
    },
  }
}

describe('ForwardedHeaders', () => {
  it('trusts nobody unless it is installed', async () => {
    const { originOf } = world()

    expect(await originOf({ extraHeaders: CLAIMS })).toMatchObject({
      scheme: 'http',
      host: 'server.example.com',
      port: 80,
      remoteHost: '198.51.100.7',
      remotePort: 50_000,
    })
  })

  it('cannot be installed without saying who is trusted', () => {
    const { app } = new World().install()

    // @ts-expect-error -- there is no default
    expect(() => app.install(ForwardedHeaders)).toThrow(
      'Cannot install ForwardedHeaders: option "trust" is undefined, expected addresses of proxies, how many there are, or a function',
    )
    // @ts-expect-error -- misspelt
    expect(() => app.install(ForwardedHeaders, { trusted: 'loopback' })).toThrow(
      'Cannot install ForwardedHeaders: unknown option "trusted", expected "trust"',
    )
  })

  it.each<[string, ForwardedHeadersOptions]>([
    ['of X-Forwarded-*', { trust: 'uniquelocal', headers: ALL_X }],
    ['Forwarded', { trust: 'uniquelocal', headers: ['forwarded'] }],
    ['an empty list of proxies', { trust: [], headers: ALL_X }],
    ['no proxies', { trust: 0, headers: ALL_X }],
    ['a function that says no', { trust: () => false, headers: ALL_X }],
  ])('does not look at headers of a peer that is not trusted: %s', async (_what, options) => {
    const { originOf } = world(options)

    expect(await originOf({ extraHeaders: CLAIMS })).toMatchObject({
      scheme: 'http',
      host: 'server.example.com',
      port: 80,
      remoteHost: '198.51.100.7',
      remotePort: 50_000,
    })
    const malformed = ['X-Forwarded-For', '<script>', 'Forwarded', '"', 'X-Forwarded-Port', 'x']
    expect(await originOf({ extraHeaders: malformed })).toMatchObject({
      remoteHost: '198.51.100.7',
    })
  })

  it('tells of the client behind a trusted proxy', async () => {
    const { originOf } = world({ trust: '10.0.0.0/8', headers: ALL_X })
    const extraHeaders = [
      'X-Forwarded-For',
      '203.0.113.9',
      'X-Forwarded-Proto',
      'https',
      'X-Forwarded-Host',
      'chat.example.com',
    ]

    expect(await originOf({ remote: PROXY, extraHeaders })).toEqual({
      scheme: 'https',
      host: 'chat.example.com',
      port: 443,
      remoteHost: '203.0.113.9',
      remotePort: null,
      uri: '/',
      method: 'GET',
      version: 'HTTP/1.1',
    })
  })

  it('does not believe what the client sent before the proxy appended', async () => {
    const { originOf } = world({ trust: 1 })
    const lines = ['X-Forwarded-For', '127.0.0.1', 'X-Forwarded-For', '203.0.113.9']
    const list = ['X-Forwarded-For', '127.0.0.1, 10.0.0.1, 203.0.113.9']

    expect((await originOf({ remote: PROXY, extraHeaders: lines }))?.remoteHost).toBe('203.0.113.9')
    expect((await originOf({ remote: PROXY, extraHeaders: list }))?.remoteHost).toBe('203.0.113.9')
  })

  it('reads X-Forwarded-For and -Proto by default, and nothing that proxies pass on as it came', async () => {
    const { originOf } = world({ trust: '10.0.0.1' })
    const extraHeaders = ['X-Forwarded-Host', 'admin.example.com', 'X-Forwarded-Port', '8443']

    expect(
      await originOf({
        remote: PROXY,
        extraHeaders: [...extraHeaders, 'X-Forwarded-Proto', 'https', 'X-Forwarded-For', '::9'],
      }),
    ).toMatchObject({
      scheme: 'https',
      host: 'server.example.com',
      port: 443,
      remoteHost: '::9',
    })
  })

  it('reads one family, whatever the other says', async () => {
    const extraHeaders = [
      'X-Forwarded-For',
      '203.0.113.9',
      'X-Forwarded-Proto',
      'http',
      'Forwarded',
      'for=198.51.100.9;proto=https',
    ]

    const x = await world({ trust: 1 }).originOf({ remote: PROXY, extraHeaders })
    expect(x).toMatchObject({ remoteHost: '203.0.113.9', scheme: 'http' })
    const standard = world({ trust: 1, headers: ['forwarded'] })
    expect(await standard.originOf({ remote: PROXY, extraHeaders })).toMatchObject({
      remoteHost: '198.51.100.9',
      scheme: 'https',
    })
  })

  it('reads Forwarded of several proxies: quoted, IPv6, with ports, hidden', async () => {
    const { originOf } = world({ trust: ['uniquelocal'], headers: ['forwarded'] })
    const resolve = (header: string): Promise<RequestOrigin | undefined> =>
      originOf({ remote: PROXY, extraHeaders: ['Forwarded', header] })

    expect(
      await resolve(
        'for=evil, for="[2001:db8::17]:4711";proto=https;host="chat.example.com:8443";by=_edge, for="10.0.0.2:99";proto=http',
      ),
    ).toMatchObject({
      scheme: 'https',
      host: 'chat.example.com',
      port: 8443,
      remoteHost: '2001:db8::17',
      remotePort: 4711,
    })
    expect(await resolve('for=203.0.113.9, for=_hidden')).toMatchObject({ remoteHost: '' })
    expect(await resolve('for=unknown')).toMatchObject({ remoteHost: '', remotePort: null })
    expect(await resolve('For="203.0.113.\\9";PROTO=https')).toMatchObject({
      remoteHost: '203.0.113.9',
      scheme: 'https',
    })
  })

  it.each([
    ['X-Forwarded-For', 'somebody', ALL_X, /"for" is not an address/],
    ['X-Forwarded-Proto', 'gopher', ALL_X, /"proto" is neither http nor https/],
    ['X-Forwarded-Host', 'chat.example.com/x', ALL_X, /"host" is not a host/],
    ['X-Forwarded-Port', '99999', ALL_X, /"port" is not a port/],
    ['Forwarded', 'for=evil, for="', ['forwarded'] as const, /the Forwarded header is invalid/],
    ['Forwarded', 'for=evil', ['forwarded'] as const, /"for" is not an address/],
  ])(
    'refuses with 400 what a trusted proxy passes on and nobody understands: %s: %s',
    async (name, value, headers, words) => {
      const { it: served } = world({ trust: 'uniquelocal', headers })
      const outcome = await served.upgrade('/', { remote: PROXY, extraHeaders: [name, value] })

      expectRefusal(outcome, 400, words)
      expectRefusal(outcome, 400, /^(?!.*(somebody|gopher|99999|evil))/s)
      expect(served.logged).toEqual([])
    },
  )

  it('lets a function fail as code of the application', async () => {
    const { it: served } = world({
      trust: () => {
        throw new Error('broken')
      },
    })

    expectRefusal(await served.upgrade('/'), 500, 'the server failed')
    expect(served.logged).toHaveLength(1)
  })

  it('lets the page of a site connect whose proxy ends TLS, and no other', async () => {
    const { it: served } = world({ trust: '10.0.0.1' })
    const page = (origin: string): RequestChanges => ({
      remote: PROXY,
      headers: { Origin: origin },
      extraHeaders: ['X-Forwarded-Proto', 'https', 'X-Forwarded-For', '203.0.113.9'],
    })

    await served.accepted('/', page('https://server.example.com'))
    expectRefusal(
      await served.upgrade('/', page('http://server.example.com')),
      403,
      'may not connect',
    )
    expectRefusal(await served.upgrade('/', page('https://evil.example')), 403, 'may not connect')
    // Without the plugin it is the other way round.
    const without = world().it
    expectRefusal(
      await without.upgrade('/', page('https://server.example.com')),
      403,
      'may not connect',
    )
  })

  it('lets the limit per address count clients, not proxies', async () => {
    const served = new World().install({ maxConnectionsPerAddress: 1 })
    served.app.install(ForwardedHeaders, { trust: 1 })
    served.app.routing((route) => {
      route.webSocket('/', async ({ incoming }) => void (await incoming.receive()))
    })
    const from = (client: string): RequestChanges => ({
      remote: PROXY,
      extraHeaders: ['X-Forwarded-For', client],
    })

    await served.connect('/', from('203.0.113.9'))
    await served.connect('/', from('203.0.113.10'))
    expectRefusal(await served.upgrade('/', from('1.1.1.1, 203.0.113.9')), 429, 'this address')
  })

  it.each([
    [[], 'is empty'],
    [['forwarded', 'x-forwarded-for'], 'has "forwarded" among others'],
    [['x-forwarded-for', 'x-real-ip'], 'has "x-real-ip" among others'],
    [['X-Forwarded-For'], 'has "X-Forwarded-For" among others'],
    [[7], 'has 7 among others'],
  ])('refuses the list of headers %j', (headers, what) => {
    const { app } = new World().install()

    // @ts-expect-error -- what JavaScript may do
    expect(() => app.install(ForwardedHeaders, { trust: 1, headers })).toThrow(
      new TypeError(
        `Cannot install ForwardedHeaders: option "headers" ${what}, expected some of "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-forwarded-port", or "forwarded" alone`,
      ),
    )
  })

  it('refuses headers that are no list', () => {
    const { app } = new World().install()

    // @ts-expect-error -- what JavaScript may do
    expect(() => app.install(ForwardedHeaders, { trust: 1, headers: 'forwarded' })).toThrow(
      'Cannot install ForwardedHeaders: option "headers" is a string, expected a list of headers',
    )
  })
})
