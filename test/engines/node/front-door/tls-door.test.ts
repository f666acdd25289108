import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { TLSSocket } from 'node:tls'
import type { Duplex } from 'node:stream'
import { describe, expect, it } from 'vitest'

import type { UpgradeOutcome } from '../../../../src/application/index.ts'
import { VirtualClock } from '../../../../src/base/index.ts'
import { Deferred, TimerWheel } from '../../../../src/base/internal.ts'
import { createEnvironment } from '../../../../src/engines/node/environment.ts'
import { TlsDoor } from '../../../../src/engines/node/front-door/tls-door.ts'
import { TransportChoice } from '../../../../src/engines/node/transports/transport-choice.ts'
import { OwedAnswers } from '../../../../src/engines/node/upgrades/owed-answers.ts'
import type { UpgradeServer } from '../../../../src/engines/node/upgrades/upgrade-listener.ts'
import { certificate } from '../../../support/certificate.ts'
import { listen, RawClient } from '../../../support/loopback.ts'
import {
  accepted,
  type AskedUpgrade,
  echoBytes,
  scriptedApplication,
} from '../../../support/scripted-application.ts'

const UPGRADE =
  'GET /chat?room=1 HTTP/1.1\r\nHost: example.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'
const SWITCHED = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n'

interface Opened extends AsyncDisposable {
  readonly server: Server
  readonly port: number
  readonly clock: VirtualClock
  /** The connections that have sent a whole upgrade. */
  readonly spoke: TLSSocket[]
}

/** Sends the body of a request back. */
function echo(request: IncomingMessage, response: ServerResponse): void {
  response.setHeader('content-length', request.headers['content-length'] ?? 0)
  request.pipe(response)
}

/** A server with TLS behind a door that asks `decide`; the HTTPS server echoes bodies. */
async function open(
  decide: (asked: AskedUpgrade) => Promise<UpgradeOutcome> | UpgradeOutcome,
  failures: unknown[] = [],
): Promise<Opened> {
  const clock = new VirtualClock()
  const transports = new TransportChoice('auto')
  await transports.readyForTls()
  const server = createServer({ ...certificate, ALPNProtocols: ['h2', 'http/1.1'] }, echo)
  const host: UpgradeServer = {
    application: scriptedApplication(decide, failures),
    environment: { ...createEnvironment(), clock, timers: new TimerWheel(clock) },
    transports,
    owed: new OwedAnswers(server),
    hasRivals: false,
    unclaimed: () => expect.unreachable('the door gives it to the HTTPS server'),
  }
  const spoke: TLSSocket[] = []
  const port = await listen(server)
  new TlsDoor(server, host, { maxHeadSize: 1024, headLimitMs: 10_000 }, (socket) =>
    spoke.push(socket),
  )
  return {
    server,
    port,
    clock,
    spoke,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

describe('TlsDoor', () => {
  it('TlsDoor makes a session of an upgrade without a request of Node', async () => {
    const asked = new Deferred<AskedUpgrade>()
    await using opened = await open((each) => {
      asked.resolve(each)
      return accepted(echoBytes)
    })
    opened.server.on('upgrade', () => expect.unreachable('it is for the door'))
    await using client = await RawClient.connectTls(opened.port)

    client.send(`${UPGRADE}early`)
    await client.until((text) => text === `${SWITCHED}early`)
    client.send(' late')
    await client.until((text) => text === `${SWITCHED}early late`)

    const { request } = await asked.promise
    expect(request).toMatchObject({ target: '/chat?room=1', encrypted: true, comesAgain: true })
    expect(request.remote).toEqual({ host: '127.0.0.1', port: client.socket.localPort })
    expect(opened.spoke).toHaveLength(1)
  })

  it('TlsDoor reads a head that comes in pieces', async () => {
    await using opened = await open(() => accepted(echoBytes))
    await using client = await RawClient.connectTls(opened.port)

    for (const character of UPGRADE) client.send(character)
    client.send('early')

    await client.until((text) => text === `${SWITCHED}early`)
  })

  it('TlsDoor gives plain requests to the HTTPS server, and later upgrades on their connection', async () => {
    await using opened = await open(() => expect.unreachable('it is not for the door'))
    opened.server.on('upgrade', (_: IncomingMessage, stream: Duplex, head: Buffer) => {
      stream.end(`upgraded ${head.toString()}`)
    })
    await using client = await RawClient.connectTls(opened.port)

    client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody')
    await client.until((text) => text.includes('body'))
    client.send(`${UPGRADE}early`)

    expect(await client.until((text) => text.includes('upgraded'))).toContain('upgraded early')
  })

  it('TlsDoor gives large bodies to the HTTPS server unchanged', async () => {
    await using opened = await open(() => expect.unreachable('it is not for the door'))
    await using client = await RawClient.connectTls(opened.port)
    const body = 'towpath '.repeat(50_000)

    client.send(
      `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
    )
    await client.ended

    expect(client.text.endsWith(`\r\n\r\n${body}`)).toBe(true)
  })

  it('TlsDoor gives unclaimed upgrades to the HTTPS server', async () => {
    await using opened = await open(() => ({ type: 'unclaimed' }))
    opened.server.on('upgrade', ({ url }: IncomingMessage, stream: Duplex) =>
      stream.end(`<${url}>`),
    )
    await using client = await RawClient.connectTls(opened.port)

    client.send(UPGRADE)

    await client.until((text) => text === '</chat?room=1>')
  })

  it('TlsDoor does not read a connection that chose HTTP/2', async () => {
    await using opened = await open(() => expect.unreachable('it is not for the door'))
    const others = new Deferred<string | false | null>()
    // The listener of the HTTPS server reads what it gets as HTTP/1.1.
    opened.server.on('clientError', (_error, socket) => {
      others.resolve((socket as TLSSocket).alpnProtocol)
      socket.destroy()
    })
    await using client = await RawClient.connectTls(opened.port, { ALPNProtocols: ['h2'] })

    client.send('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')

    expect(await others.promise).toBe('h2')
  })

  it('TlsDoor answers a client that sends no whole head in time with 408, and ends', async () => {
    await using opened = await open(() => expect.unreachable('there is no whole request'))
    const secured = once(opened.server, 'secureConnection')
    await using client = await RawClient.connectTls(opened.port)
    await secured
    client.send('GET / HT')

    await opened.clock.advance(10_000)
    await client.ended

    expect(client.text).toBe('HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n')
  })

  it('TlsDoor refuses with what the application answers, also when it answers later', async () => {
    const decision = new Deferred<UpgradeOutcome>()
    await using opened = await open(() => decision.promise)
    await using client = await RawClient.connectTls(opened.port)
    client.send(`${UPGRADE}early`)

    decision.resolve({ type: 'refused', status: 403, headers: [], body: Buffer.from('No.\n') })
    await client.ended

    expect(client.text).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n[^]*\r\n\r\nNo\.\n$/)
  })

  it('TlsDoor tells the application when the client leaves before the decision', async () => {
    const asked = new Deferred<AskedUpgrade>()
    const decision = new Deferred<UpgradeOutcome>()
    await using opened = await open((each) => {
      asked.resolve(each)
      return decision.promise
    })
    const client = await RawClient.connectTls(opened.port)
    client.send(UPGRADE)
    const { signal } = await asked.promise
    const left = once(signal, 'abort')

    client.socket.destroy()
    await left
    decision.resolve(accepted(() => expect.unreachable('there is no client any more')))

    await decision.promise
  })

  it('TlsDoor logs what the application throws, and ends that connection alone', async () => {
    const failures: unknown[] = []
    const failure = new Error('no')
    await using opened = await open(({ request }) => {
      if (request.target === '/bad') throw failure
      return accepted(echoBytes)
    }, failures)
    await using bad = await RawClient.connectTls(opened.port)
    await using good = await RawClient.connectTls(opened.port)

    bad.send(UPGRADE.replace('/chat?room=1', '/bad'))
    await bad.closed
    good.send(UPGRADE)

    await good.until((text) => text === SWITCHED)
    expect(failures).toHaveLength(1)
  })
})
