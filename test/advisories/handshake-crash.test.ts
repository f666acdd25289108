/**
 * Handshakes that end the process: a header that is missing, doubled, or not what the code took it
 * for.
 *
 * CVE-2024-37890 (ws: more headers than `maxHeadersCount`, so that `Upgrade` was missing),
 * CVE-2017-16025 (nes: a malformed cookie).
 */

import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, expect, it } from 'vitest'

import { embeddedServer, WebSockets } from '../../src/index.ts'
import { RawClient } from '../support/loopback.ts'
import { World } from '../application/upgrade-client.ts'

const HEADERS = ['Host', 'Upgrade', 'Connection', 'Sec-WebSocket-Key', 'Sec-WebSocket-Version']

function echo(): World {
  const world = new World().install()
  world.app.routing((route) => {
    route
      .webSocket('/', async ({ incoming }) => {
        await incoming.toArray()
      })
      .intercept(({ request }) => {
        void request.cookies.get('session')
        void request.queryParameters.get('q')
        void request.origin.host
      })
  })
  return world
}

describe('advisory: handshake crash', () => {
  it.each(HEADERS)('a request without %s is refused', async (name) => {
    const world = echo()

    const { status } = await world.refused('/', { headers: { [name]: undefined } })

    // Without `Upgrade` it is a request for something else, which this path does not have.
    expect(status).toBe(name === 'Sec-WebSocket-Version' || name === 'Upgrade' ? 426 : 400)
    expect(world.logged).toEqual([])
  })

  it.each(HEADERS.filter((name) => name !== 'Connection' && name !== 'Upgrade'))(
    'a request with two %s is refused',
    async (name) => {
      const world = echo()

      const { status } = await world.refused('/', { extraHeaders: [name, 'x'] })

      expect([400, 426]).toContain(status)
      expect(world.logged).toEqual([])
    },
  )

  it.each(HEADERS)(
    'a request with an empty %s, or with garbage in it, is answered',
    async (name) => {
      const world = echo()
      for (const value of [
        '',
        ' ',
        ',',
        '\u0000',
        '\u00ff',
        '%',
        '[',
        '__proto__',
        'constructor',
      ]) {
        const outcome = await world.upgrade('/', { headers: { [name]: value } })

        // A host may have almost any name.
        expect(outcome.type === 'refused' || name === 'Host').toBe(true)
      }
      expect(world.logged).toEqual([])
    },
  )

  it.each([
    '=',
    ';',
    'a',
    'a=%',
    'a=%E0%A4%A',
    'a="',
    '__proto__=x',
    'constructor=x; __proto__=y',
    '\u00ff\u00fe=\u0000',
    ' = ; = ;;',
  ])('a cookie header of %j is read, or not, and nobody falls over it', async (cookie) => {
    const world = echo()

    await world.accepted('/', { headers: { Cookie: cookie } })

    expect(world.logged).toEqual([])
    expect(Object.getOwnPropertyNames(Object.prototype)).not.toContain('x')
  })

  it.each(['/%', '/%E0%A4%A', '/?%', '/?a=%E0', '//', '/..', '/%2e%2e', '*', '', 'http://', 'x'])(
    'a target of %j is answered',
    async (target) => {
      const world = echo()

      await world.upgrade(target)

      expect(world.logged).toEqual([])
    },
  )

  it('a request with more headers than Node counts gets 431, and the server goes on', async () => {
    await using server = embeddedServer({ port: 0, host: '127.0.0.1', signals: false }, (app) => {
      app.install(WebSockets)
      app.routing((route) => {
        route.webSocket('/', ({ send }) => send('here'))
      })
    })
    await server.start()
    const request = (headers: string) =>
      `GET / HTTP/1.1\r\n${headers}Host: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n'
    const status = async (headers: string) => {
      await using client = new RawClient(
        connect({ host: '127.0.0.1', port: server.address.port, allowHalfOpen: true }),
      )
      await once(client.socket, 'connect')
      client.socket.write(request(headers))
      const [head] = (await once(client.socket, 'data')) as [Buffer] // what a socket emits
      return head.toString('latin1', 9, 12)
    }

    expect(await status('')).toBe('101')
    // On its own Node drops headers past the 2000th without a word: those of the handshake, here.
    expect(await status('a:b\r\n'.repeat(2_100))).toBe('431')
    // Larger than the head of a request may be: Node's own answer.
    expect(await status('a:b\r\n'.repeat(20_000))).toBe('431')
    expect(await status('')).toBe('101')
    expect(server.application.statistics().limitsReached).toEqual({ maxHeaderCount: 1 })
  })
})
