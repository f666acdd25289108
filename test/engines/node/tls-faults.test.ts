/**
 * Failures below a session over TLS: the session ends with the code of the contract, the server
 * keeps running, and no socket is left.
 */

import { once } from 'node:events'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'

import {
  type Application,
  type CloseInfo,
  type DefaultWebSocketServerSession,
  type EmbeddedServer,
  embeddedServer,
  WebSockets,
} from '../../../src/index.ts'
import { certificate } from '../../support/certificate.ts'
import { handshakeHeaders } from '../../support/hosts.ts'
import { settled } from '../../support/memory-world.ts'
import { clientClose, clientFrame } from '../../support/peer.ts'
import { TlsWire } from '../../support/tls-wire.ts'

const HANDSHAKE_TIMEOUT_MS = 1000

const REQUEST = `GET / HTTP/1.1\r\n${handshakeHeaders({})
  .map(([name, value]) => `${name}: ${value}`)
  .join('\r\n')}\r\n\r\n`

const HELLO = '\x81\x05Hello'

describe('a session over TLS', () => {
  let server: EmbeddedServer
  let opened: (session: DefaultWebSocketServerSession) => void = () => {}
  const wires: TlsWire[] = []

  function module(app: Application): void {
    app.install(WebSockets, { closeTimeout: { milliseconds: 500 } })
    app.routing((route) => {
      route.webSocket('/', async (session) => {
        opened(session)
        for await (const frame of session.incoming) await session.send(frame)
      })
    })
  }

  beforeEach(async () => {
    server = embeddedServer(
      {
        port: 0,
        host: '127.0.0.1',
        signals: false,
        tls: { ...certificate, handshakeTimeout: HANDSHAKE_TIMEOUT_MS },
      },
      module,
    )
    await server.start()
  })

  afterEach(async () => {
    await expectEcho()
    for (const wire of wires.splice(0)) await wire[Symbol.asyncDispose]()
    const { aborted } = await server.stop({ grace: 0, timeout: 5000 })
    const left = server.application.sessions.size
    if (aborted + left > 0) throw new Error(`${aborted} sessions were dropped, ${left} are left`)
  })

  /** The server goes on: another client, which is not ours, is served. */
  async function expectEcho(): Promise<void> {
    const socket = new WebSocket(`wss://localhost:${server.address.port}/`, {
      ca: certificate.cert,
      // The server listens on IPv4 alone.
      family: 4,
    })
    await once(socket, 'open')
    const echo = once(socket, 'message')
    socket.send('still there')
    // The listener of 'message' is given the payload.
    expect(String((await echo)[0] as Buffer)).toBe('still there')
    const closed = once(socket, 'close')
    socket.close(1000)
    await closed
  }

  async function wireTo(...rest: [Parameters<typeof TlsWire.open>[1]?, number?]): Promise<TlsWire> {
    const wire = await TlsWire.open(server.address.port, ...rest)
    wires.push(wire)
    return wire
  }

  /** A session that has echoed "Hello". */
  async function open(options: Parameters<typeof TlsWire.open>[1] = {}): Promise<{
    readonly wire: TlsWire
    readonly session: DefaultWebSocketServerSession
  }> {
    const opening = new Promise<DefaultWebSocketServerSession>((resolve) => {
      opened = resolve
    })
    const wire = await wireTo(options)
    wire.client.send(REQUEST)
    wire.client.send(clientFrame('text', 'Hello'))
    await wire.client.until((text) => text.endsWith(HELLO))
    return { wire, session: await opening }
  }

  async function endOf(session: DefaultWebSocketServerSession): Promise<CloseInfo> {
    const info = await session.closed
    await settled()
    return info
  }

  it('is served to ws', async () => {
    await expectEcho()
  })

  it('ends with 1006 at a close_notify without a FIN, and TCP with it', async () => {
    const { wire, session } = await open()

    wire.socket.end()

    expect(await endOf(session)).toMatchObject({ reason: { code: 1006 }, cause: null })
    await wire.ended
  })

  it('ends with 1006 at a FIN without a close_notify', async () => {
    const { wire, session } = await open()

    wire.tcp.end()

    expect(await endOf(session)).toMatchObject({ reason: { code: 1006 } })
    await wire.ended
  })

  it('ends with 1006 at a reset', async () => {
    const { wire, session } = await open()

    wire.tcp.resetAndDestroy()

    expect(await endOf(session)).toMatchObject({
      reason: { code: 1006 },
      cause: { code: 'ECONNRESET' },
    })
  })

  it('ends cleanly when their Close is followed by a close_notify without a FIN', async () => {
    const { wire, session } = await open()

    wire.client.send(clientClose(4001))
    wire.socket.end()

    expect(await endOf(session)).toMatchObject({ reason: { code: 4001 }, clean: true })
    expect(await wire.client.until((text) => text.endsWith('\x88\x02\x0f\xa1'))).toContain(HELLO)
  })

  // The record's header, its first bytes, all bytes but the last: 5 of header, 32 of payload, 17 of
  // TLS 1.3.
  for (const bytes of [1, 4, 5, 6, 30, 53]) {
    for (const [fault, strike] of [
      ['FIN', (wire: TlsWire) => void wire.tcp.end()],
      ['RST', (wire: TlsWire) => void wire.tcp.resetAndDestroy()],
    ] as const) {
      it(`ends with 1006 at a ${fault} after byte ${bytes} of a record`, async () => {
        const { wire, session } = await open()

        wire.cutAfter(bytes)
        wire.client.send(clientFrame('text', 'x'.repeat(26)))
        await settled()
        strike(wire)

        expect(await endOf(session)).toMatchObject({ reason: { code: 1006 }, clean: false })
      })
    }
  }

  for (const [what, garbage] of [
    ['a record that was not encrypted with our keys', '17 03 03 00 20' + ' 00'.repeat(32)],
    ['a record of an unknown type', 'ff 03 03 00 01 00'],
    ['a record that is too long', '17 03 03 ff ff' + ' 00'.repeat(64)],
    ['plain HTTP', '47 45 54 20 2f 20 48 54 54 50 2f 31 2e 31 0d 0a 0d 0a'],
  ] as const) {
    it(`ends with 1006 and the cause at ${what}`, async () => {
      const { wire, session } = await open()

      wire.tcp.write(Buffer.from(garbage.replaceAll(' ', ''), 'hex'))

      const info = await endOf(session)
      expect(info).toMatchObject({ reason: { code: 1006 }, clean: false })
      expect(info.cause).toHaveProperty('code', expect.stringMatching(/^ERR_SSL_/))
    })
  }

  it('outlives one renegotiation', async () => {
    const { wire } = await open({ maxVersion: 'TLSv1.2' })

    await new Promise((resolve) => wire.socket.renegotiate({}, resolve))
    wire.client.send(clientFrame('text', 'Hello'))

    await wire.client.until((text) => text.endsWith(HELLO + HELLO))
  })

  it('ends with 1006 and the cause when its client renegotiates again and again', async () => {
    const { wire, session } = await open({ maxVersion: 'TLSv1.2' })
    const over = endOf(session)

    // Node allows three in ten minutes.
    for (let count = 0; count < 3; count++) {
      await new Promise((resolve) => wire.socket.renegotiate({}, resolve))
    }
    wire.socket.renegotiate({}, () => {})

    expect(await over).toMatchObject({
      reason: { code: 1006 },
      cause: { code: 'ERR_TLS_SESSION_ATTACK' },
    })
  })

  describe('before its handshake', () => {
    for (const [fault, strike] of [
      ['FIN', (wire: TlsWire) => void wire.tcp.end()],
      ['RST', (wire: TlsWire) => void wire.tcp.resetAndDestroy()],
    ] as const) {
      // TLS sends the ClientHello in the next turn; it is longer than 200 bytes.
      for (const bytes of [0, 1, 4, 5, 6, 60, 200]) {
        it(`leaves nothing at a ${fault} after byte ${bytes} of the ClientHello`, async () => {
          const wire = await wireTo({}, bytes)
          await settled()

          strike(wire)

          await wire.ended
        })
      }
    }

    for (const [what, bytes] of [
      ['is never begun', 0],
      ['is never completed', 60],
    ] as const) {
      it(`is cut off when TLS ${what}`, async () => {
        const wire = await wireTo({}, bytes)

        await wire.ended
      })
    }

    it('is cut off when what comes is not TLS', async () => {
      const wire = await wireTo({}, 0)

      wire.tcp.write(REQUEST)

      await wire.ended
    })
  })
})
