import { createServer, type Server } from 'node:https'
import type { TlsOptions } from 'node:tls'
import { describe, expect, it } from 'vitest'

import { listenOnHandle } from '../../../../src/engines/node/front-door/tcp-listener.ts'
import {
  areForFrontDoor,
  handshakeLimitOf,
  TlsEntrance,
} from '../../../../src/engines/node/front-door/tls-entrance.ts'
import { tcpReactor } from '../../../../src/engines/node/transports/tcp-self-test.ts'
import { certificate } from '../../../support/certificate.ts'
import { listen } from '../../../support/loopback.ts'

describe('areForFrontDoor()', () => {
  it.each<readonly [string, TlsOptions, boolean]>([
    ['a certificate', certificate, true],
    ['ciphers and versions', { ...certificate, ciphers: 'HIGH', minVersion: 'TLSv1.3' }, true],
    ['an option that is undefined', { ...certificate, SNICallback: undefined }, true],
    ['certificates of clients', { ...certificate, requestCert: true }, false],
    ['a certificate by name', { SNICallback: () => {} }, false],
    ['a choice of protocol', { ...certificate, ALPNCallback: () => undefined }, false],
    ['keys without a certificate', { pskCallback: () => null }, false],
    ['an option of a newer Node', Object.assign({ somethingNew: true }, certificate), false],
  ])('areForFrontDoor() answers for %s', (_, options, expected) => {
    expect(areForFrontDoor(options)).toBe(expected)
  })
})

describe('handshakeLimitOf()', () => {
  it.each<readonly [TlsOptions | null, number]>([
    [null, 10_000],
    [{}, 10_000],
    [{ handshakeTimeout: undefined }, 10_000],
    [{ handshakeTimeout: 3000 }, 3000],
    // As Node does: these do not close every connection at once.
    [{ handshakeTimeout: 0 }, 120_000],
    [{ handshakeTimeout: NaN }, 120_000],
  ])('handshakeLimitOf() answers for %j', (options, expected) => {
    expect(handshakeLimitOf(options, 10_000)).toBe(expected)
  })
})

describe('TlsEntrance', () => {
  /** Opens the entrance of `server`, changed by `change` when it listens. */
  async function find(server: Server, change: () => void = () => {}): Promise<TlsEntrance | null> {
    const reactor = await tcpReactor()
    if (reactor === null) throw new Error('Cannot use handles on this Node')
    await listen(server)
    const listener = listenOnHandle(server, reactor.buffer, () => {})
    if (listener === null) throw new Error('Cannot listen on the handle')
    change()
    const found = TlsEntrance.find(server, listener, reactor)
    listener.stop()
    server.close()
    return found
  }

  it('find() returns an entrance for an HTTPS server', async () => {
    expect(await find(createServer(certificate))).toBeInstanceOf(TlsEntrance)
  })

  it('find() returns null for a server without the fields of Node', async () => {
    const server = createServer(certificate)

    expect(await find(server, () => Object.assign(server, { _sharedCreds: undefined }))).toBe(null)
  })
})
