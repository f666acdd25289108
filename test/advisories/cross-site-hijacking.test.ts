/**
 * Cross-site WebSocket hijacking (CWE-1385): a page of another site opens a WebSocket, and the
 * user's cookies ride along. RFC 6455 §10.2.
 *
 * CVE-2020-28481 (Socket.IO: every origin by default), CVE-2018-14730, -14731, -14732 and
 * CVE-2025-24010 (development servers without a check), CVE-2022-42975 (Phoenix: a wildcard that
 * matched too much), CVE-2025-41254 (Spring STOMP). With a real browser:
 * `test/clients/chromium-cross-site.test.ts`; every trick with an origin:
 * `test/application/upgrades/origin-policy.test.ts`.
 */

import { describe, expect, it } from 'vitest'

import type { WebSocketsOptions } from '../../src/index.ts'
import { expectRefusal, type RequestChanges, World } from '../application/upgrade-client.ts'

/** An application of `server.example.com`, which counts the requests that its own code has seen. */
function world(options: WebSocketsOptions = {}) {
  const served = new World().install(options)
  const counts = { intercepted: 0 }
  served.app.routing((route) => {
    route
      .webSocket('/', () => {})
      .intercept(() => {
        counts.intercepted++
      })
    route.webSocketRaw('/raw', () => {})
  })
  return { served, counts }
}

function fromPage(origin: string, changes: RequestChanges = {}): RequestChanges {
  return { ...changes, headers: { Origin: origin, Cookie: 'session=s3cret', ...changes.headers } }
}

const FOREIGN = [
  'https://evil.example',
  'http://evil.example',
  'https://server.example.com',
  'http://server.example.com:8080',
  'http://server.example.com.evil.example',
  'http://evilserver.example.com',
  'http://sub.server.example.com',
  'http://example.com',
  'http://server.example.com@evil.example',
  'http://server.example.com%2eevil.example',
  'http://server.example.com\\.evil.example',
  'null',
  'file://',
  '*',
  '',
]

describe('advisory: cross-site hijacking', () => {
  it.each(FOREIGN)(
    'by default a page of %j is refused, before any code of the application',
    async (origin) => {
      const { served, counts } = world()

      expectRefusal(await served.upgrade('/', fromPage(origin)), 403, 'may not connect to http')
      expectRefusal(await served.upgrade('/raw', fromPage(origin)), 403, 'may not connect to http')
      expect(counts.intercepted).toBe(0)
    },
  )

  it('by default a page of the application’s own origin is let in', async () => {
    await world().served.accepted('/', fromPage('http://server.example.com'))
  })

  it.each(FOREIGN)('a list lets no page of %j in that is not on it', async (origin) => {
    const { served } = world({ origins: ['https://partner.example', 'http://localhost:3000'] })

    expectRefusal(await served.upgrade('/', fromPage(origin)), 403, 'may not connect to http')
    await served.accepted('/', fromPage('https://partner.example'))
  })

  it.each(['*', 'https://*.example.com', '//example.com', 'example.com', '.example.com'])(
    'the wildcard %s is no origin: it is refused where it is written',
    (origin) => {
      expect(() => world({ origins: [origin] })).toThrow(TypeError)
    },
  )

  it('two Origins are refused, whatever they are', async () => {
    const { served } = world()
    const extraHeaders = ['Origin', 'https://evil.example']

    expectRefusal(
      await served.upgrade('/', fromPage('http://server.example.com', { extraHeaders })),
      400,
      'Origin is there more than once',
    )
  })

  it('headers of a proxy do not make another origin the own one, unless somebody trusts them', async () => {
    const { served } = world()
    const extraHeaders = [
      'X-Forwarded-Host',
      'evil.example',
      'X-Forwarded-Proto',
      'https',
      'Forwarded',
      'host=evil.example;proto=https',
    ]

    expectRefusal(
      await served.upgrade('/', fromPage('https://evil.example', { extraHeaders })),
      403,
      'may not connect to http',
    )
  })

  it('the refusal is plain text with parsed origins, and lets no page read it', async () => {
    const { headers, body } = await world().served.refused('/', fromPage('https://evil.example'))

    expect(JSON.stringify(headers).toLowerCase()).not.toContain('access-control')
    expect(headers).toContainEqual(['content-type', 'text/plain; charset=utf-8'])
    expect(headers).toContainEqual(['x-content-type-options', 'nosniff'])
    expect(new TextDecoder().decode(body)).toBe(
      'Cannot upgrade: pages of https://evil.example may not connect to http://server.example.com,' +
        ' expected an origin that the option "origins" of the server allows\n',
    )
  })
})
