/**
 * Text of a peer that becomes a header, or a command to the terminal in which somebody reads a log
 * (CWE-113, CWE-150).
 *
 * The change of python-websockets 16.1 that escapes control characters in its command line; header
 * injection by values that a framework repeats.
 */

import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'

import { CloseReason, embeddedServer, Frame, WebSockets } from '../../src/index.ts'
import { ForwardedHeaders } from '../../src/forwarded/index.ts'
import { RawClient } from '../support/loopback.ts'
import { World } from '../application/upgrade-client.ts'

/** Clears the screen, sets the title, in both codings of the escape; turns text around. */
const HOSTILE = '\u001b[2J\u001b]0;owned\u0007\u009b2J\r\n\u202egnp.exe\u2066\u0085\u007f'
/** What a terminal does not act on: printable, no C0, no C1, nothing that reorders. */
// oxlint-disable-next-line no-control-regex -- these are what is looked for
const DANGEROUS = /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/

const silent = (): void => {}
const SILENT = { debug: silent, info: silent, warn: silent, error: silent }

describe('advisory: terminal injection', () => {
  it.each([
    ['Frame.Text', new Frame.Text(HOSTILE)],
    ['Frame.Binary', new Frame.Binary(Buffer.from(HOSTILE))],
    ['Frame.Ping', new Frame.Ping(Buffer.from(HOSTILE))],
    ['Frame.Close', new Frame.Close(new CloseReason(4000, HOSTILE))],
  ])('%s shows what a peer sent without its controls', (_what, value) => {
    expect(String(value)).not.toMatch(DANGEROUS)
    expect(inspect(value)).not.toMatch(DANGEROUS)
  })

  it('nothing that a client sends in a handshake is in an answer or in the log', async () => {
    const world = new World().install()
    world.app.install(ForwardedHeaders, { trust: 'loopback' })
    world.app.routing((route) => {
      route
        .webSocket('/rooms/:room', () => {})
        .intercept(() => {
          throw new Error('the application fails')
        })
    })
    const canary = 'CANARY'
    const attempts = [
      { headers: { Origin: canary } },
      { headers: { Host: `${canary} x` } },
      { headers: { 'Sec-WebSocket-Key': canary } },
      { headers: { 'Sec-WebSocket-Version': canary } },
      { headers: { 'Sec-WebSocket-Protocol': `${canary}, ${canary}` } },
      { headers: { 'Sec-WebSocket-Extensions': `${canary}=="` } },
      { headers: { Connection: canary } },
      { headers: { 'X-Forwarded-For': canary }, remote: { host: '127.0.0.1', port: 1 } },
      { headers: { Cookie: canary, Authorization: canary } },
    ]

    for (const attempt of attempts) {
      const refused = await world.refused(`/rooms/${canary}?${canary}`, attempt)
      expect(
        JSON.stringify(refused.headers) + new TextDecoder().decode(refused.body),
      ).not.toContain(canary)
    }
    const log = world.logged.map(([message, error]) => `${message} ${String(error)}`).join('\n')
    expect(world.logged.length).toBeGreaterThan(0)
    expect(log).not.toContain(canary)
  })
})

describe('advisory: header injection', () => {
  it.each(['%0d%0aX-Injected: yes', '%0aX-Injected: yes', '%00', '%0d'])(
    'a decoded parameter (%s) that an interceptor puts into a header splits no answer',
    async (parameter) => {
      const server = embeddedServer(
        { host: '127.0.0.1', port: 0, signals: false, logger: SILENT },
        (app) => {
          app.install(WebSockets)
          app.routing((route) => {
            route
              .webSocket('/rooms/:room', () => {})
              .intercept(({ parameters, response }) => {
                response.headers.set('x-room', `room ${parameters['room']} of all`)
              })
          })
        },
      )
      await server.start()
      await using client = await RawClient.connect(server.address.port)

      client.send(
        [
          `GET /rooms/${parameter.replaceAll(' ', '%20')} HTTP/1.1`,
          'Host: localhost',
          'Upgrade: websocket',
          'Connection: Upgrade',
          'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
          'Sec-WebSocket-Version: 13',
          '',
          '',
        ].join('\r\n'),
      )
      await client.ended

      expect(client.text).toMatch(/^HTTP\/1\.1 500 /)
      expect(client.text).not.toContain('X-Injected')
      await server.stop({ grace: 0, timeout: { milliseconds: 100 } })
    },
  )
})
