import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { describe, expect, it } from 'vitest'

import type { Application, UpgradeOutcome } from '../../../../src/application/index.ts'
import { VirtualClock } from '../../../../src/base/index.ts'
import { Deferred, TimerWheel } from '../../../../src/base/internal.ts'
import { createEnvironment } from '../../../../src/engines/node/environment.ts'
import { OwedAnswers } from '../../../../src/engines/node/upgrades/owed-answers.ts'
import { TransportChoice } from '../../../../src/engines/node/transports/transport-choice.ts'
import {
  receiveUpgrade,
  type UpgradeServer,
} from '../../../../src/engines/node/upgrades/upgrade-listener.ts'
import { listen, RawClient } from '../../../support/loopback.ts'
import {
  accepted,
  type AskedUpgrade,
  echoBytes,
  scriptedApplication,
} from '../../../support/scripted-application.ts'

const REQUEST =
  'GET /chat?room=1 HTTP/1.1\r\nHost: example.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
  'X-Twice: a\r\nX-Twice: b\r\n\r\n'
const SWITCHED = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n'
const REFUSED: UpgradeOutcome = {
  type: 'refused',
  status: 403,
  headers: [['content-type', 'text/plain']],
  body: Buffer.from('No.\n'),
}
const REFUSAL =
  'HTTP/1.1 403 Forbidden\r\ncontent-type: text/plain\r\n' +
  'date: *\r\ncontent-length: 4\r\nconnection: close\r\n\r\nNo.\n'

/** A server that passes its upgrades to `application`, and one raw client. */
async function serve(
  application: Application,
  overrides: Partial<UpgradeServer> = {},
): Promise<{ client: RawClient; socket: Promise<Duplex> } & AsyncDisposable> {
  const server = createServer()
  const host: UpgradeServer = {
    owed: new OwedAnswers(server),
    hasRivals: false,
    application,
    environment: createEnvironment(),
    transports: new TransportChoice('stream'),
    unclaimed: () => expect.unreachable('the request is ours'),
    ...overrides,
  }
  const upgraded = new Deferred<Duplex>()
  server.on('upgrade', (request: IncomingMessage, stream: Duplex, head: Buffer) => {
    upgraded.resolve(stream)
    receiveUpgrade(host, { request, stream, head })
  })
  const client = await RawClient.connect(await listen(server))
  return {
    client,
    socket: upgraded.promise,
    async [Symbol.asyncDispose]() {
      await client[Symbol.asyncDispose]()
      server.close()
      await once(server, 'close')
    },
  }
}

function dateless(text: string): string {
  return text.replace(/date: [^\r]+/, 'date: *')
}

describe('receiveUpgrade()', () => {
  it('describes the request as it came', async () => {
    const asked: AskedUpgrade[] = []
    const application = scriptedApplication((each) => {
      asked.push(each)
      return REFUSED
    })
    await using served = await serve(application)
    const { localPort, remotePort } = served.client.socket

    served.client.send(REQUEST)
    await served.client.ended

    expect(asked[0]?.request).toEqual({
      method: 'GET',
      earlyBytes: 0,
      engineRequest: null,
      target: '/chat?room=1',
      httpVersion: '1.1',
      rawHeaders: [
        'Host',
        'example.test',
        'Connection',
        'Upgrade',
        'Upgrade',
        'websocket',
        'X-Twice',
        'a',
        'X-Twice',
        'b',
      ],
      hasBody: false,
      local: { host: '127.0.0.1', port: remotePort },
      remote: { host: '127.0.0.1', port: localPort },
      encrypted: false,
    })
  })

  for (const [headers, hasBody] of [
    ['Content-Length: 5\r\n', true],
    ['Transfer-Encoding: chunked\r\n', true],
    ['Content-Length: 0\r\n', false],
  ] as const) {
    it(`says that ${headers.trim()} ${hasBody ? 'announces a body' : 'announces none'}`, async () => {
      let announced: boolean | null = null
      const application = scriptedApplication(({ request }) => {
        announced = request.hasBody
        return REFUSED
      })
      await using served = await serve(application)

      served.client.send(REQUEST.replace('X-Twice: a\r\n', headers))
      await served.client.ended

      expect(announced).toBe(hasBody)
    })
  }

  it('writes the 101 and then lets the session start', async () => {
    await using served = await serve(scriptedApplication(() => accepted(echoBytes)))

    served.client.send(REQUEST)
    await served.client.until((text) => text === SWITCHED)
    served.client.send('ping')

    await served.client.until((text) => text === `${SWITCHED}ping`)
  })

  it('reads a request that comes byte by byte', async () => {
    await using served = await serve(scriptedApplication(() => accepted(echoBytes)))
    served.client.socket.setNoDelay(true)

    for (const character of REQUEST) {
      served.client.send(character)
      await new Promise((resolve) => setImmediate(resolve))
    }

    await served.client.until((text) => text === SWITCHED)
  })

  it('Handshake 2: gives bytes that came with the request to the session', async () => {
    await using served = await serve(scriptedApplication(() => accepted(echoBytes)))

    served.client.send(`${REQUEST}early`)

    await served.client.until((text) => text === `${SWITCHED}early`)
  })

  it('loses no bytes that come while an interceptor runs, be they ever so many', async () => {
    const decision = new Deferred<UpgradeOutcome>()
    const asked = new Deferred<void>()
    const application = scriptedApplication(() => {
      asked.resolve()
      return decision.promise
    })
    await using served = await serve(application)
    const flood = 'x'.repeat(4 << 20)

    served.client.send(`${REQUEST}early `)
    await asked.promise
    served.client.send(flood)
    decision.resolve(accepted(echoBytes))

    const expected = SWITCHED.length + 'early '.length + flood.length
    const text = await served.client.until((received) => received.length === expected)
    expect(text.startsWith(`${SWITCHED}early xxx`)).toBe(true)
  })

  it('sends a refusal byte for byte and ends the connection', async () => {
    await using served = await serve(scriptedApplication(() => REFUSED))

    served.client.send(REQUEST)
    await served.client.ended

    expect(dateless(served.client.text)).toBe(REFUSAL)
    served.client.socket.end()
    expect(await served.client.closed).toBeNull()
  })

  it('sends a refusal that no reset destroys while the client still sends', async () => {
    await using served = await serve(scriptedApplication(() => REFUSED))

    served.client.send(REQUEST)
    served.client.socket.end(Buffer.alloc(8 << 20))
    await served.client.closed

    expect(dateless(served.client.text)).toBe(REFUSAL)
    expect(await served.client.closed).toBeNull()
  })

  it('drops a refused client that never ends its side', async () => {
    const clock = new VirtualClock()
    const timers = new TimerWheel(clock)
    const environment = { ...createEnvironment(), clock, timers }
    await using served = await serve(
      scriptedApplication(() => REFUSED),
      { environment },
    )

    served.client.send(REQUEST)
    await served.client.ended
    const socket = await served.socket
    const closed = once(socket, 'close')
    await clock.advance(5000)
    await closed

    expect(timers.size).toBe(0)
  })

  it('tells the application when the client resets the connection, and starts nothing', async () => {
    const decision = new Deferred<UpgradeOutcome>()
    const asked = new Deferred<AskedUpgrade>()
    const application = scriptedApplication((each) => {
      asked.resolve(each)
      return decision.promise
    })
    await using served = await serve(application)

    served.client.send(REQUEST)
    const { signal } = await asked.promise
    served.client.socket.resetAndDestroy()
    await once(signal, 'abort')
    const abandoned: unknown[] = []
    decision.resolve(
      accepted(
        () => expect.unreachable('the client has left'),
        [],
        (failure) => abandoned.push(failure),
      ),
    )
    const socket = await served.socket
    await decision.promise
    await new Promise((resolve) => setImmediate(resolve))

    expect(abandoned).toEqual([null])
    expect(socket.destroyed).toBe(true)
    expect(listenersOf(socket)).toBe(0)
  })

  it('tells the application when the client ends its side, and lets go of the socket', async () => {
    const asked = new Deferred<AskedUpgrade>()
    const application = scriptedApplication(async (each) => {
      asked.resolve(each)
      await once(each.signal, 'abort')
      return REFUSED
    })
    await using served = await serve(application)

    served.client.send(REQUEST)
    await asked.promise
    served.client.socket.end()
    await served.client.closed

    expect(served.client.text).toBe('')
  })

  it('answers 500 when a header could not be sent, and logs it once', async () => {
    const failures: unknown[] = []
    const outcome = accepted(() => expect.unreachable('there was no 101'), [['x', 'a\r\nb: c']])
    await using served = await serve(scriptedApplication(() => outcome, failures))

    served.client.send(REQUEST)
    await served.client.ended

    expect(served.client.text).toMatch(/^HTTP\/1\.1 500 Internal Server Error\r\n/)
    expect(served.client.text).not.toContain('b: c')
    expect(failures).toEqual([{ err: expect.any(TypeError) }])
  })

  it('drops the connection and logs it when the application breaks its promise not to reject', async () => {
    const failures: unknown[] = []
    const failure = new Error('a bug')
    const application = scriptedApplication(() => Promise.reject(failure), failures)
    await using served = await serve(application)

    served.client.send(REQUEST)
    await served.client.ended

    expect(served.client.text).toBe('')
    expect(failures).toEqual([{ err: failure }])
  })

  it('takes an answer that is there at once, and watches nothing for it', async () => {
    const application = Object.assign(
      scriptedApplication(() => REFUSED),
      { upgrade: () => accepted(echoBytes) },
    )
    await using served = await serve(application)

    served.client.send(`${REQUEST}early`)
    await served.client.until((text) => text === `${SWITCHED}early`)

    const socket = await served.socket
    // The transport's own, and Node's for the end.
    expect(socket.listenerCount('error')).toBe(1)
    expect(socket.listenerCount('close')).toBe(1)
  })

  for (const mode of ['stream', 'auto'] as const) {
    it(`drops the connection whose session cannot be started (${mode})`, async () => {
      const failures: unknown[] = []
      const failure = new Error('a bug')
      const broken = accepted(() => {
        throw failure
      })
      const transports = new TransportChoice(mode)
      await transports.ready()
      await using served = await serve(
        scriptedApplication(() => broken, failures),
        { transports },
      )

      served.client.send(REQUEST)
      await served.client.ended

      expect(failures).toEqual([{ err: failure }])
    })
  }

  for (const protocol of ['h2c', 'websocket2', 'TLS/1.0, HTTP/2.0']) {
    it(`leaves Upgrade: ${protocol} to the owner of the server`, async () => {
      const application = scriptedApplication(() => expect.unreachable('it is not ours'))
      await using served = await serve(application, {
        unclaimed: ({ stream }, waiting) => {
          waiting.release()
          stream.end('theirs')
        },
      })

      served.client.send(REQUEST.replace('websocket', protocol))
      await served.client.ended

      expect(served.client.text).toBe('theirs')
    })
  }

  it('takes an Upgrade that offers websocket among others, in any case', async () => {
    await using served = await serve(scriptedApplication(() => REFUSED))

    served.client.send(REQUEST.replace('websocket', 'h2c, WebSocket'))
    await served.client.ended

    expect(dateless(served.client.text)).toBe(REFUSAL)
  })
})

function listenersOf(stream: Duplex): number {
  return ['data', 'error', 'close'].reduce((sum, event) => sum + stream.listenerCount(event), 0)
}
