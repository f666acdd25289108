import { type ChildProcess, spawn } from 'node:child_process'
import dns from 'node:dns'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { Agent } from 'node:http'
import { Agent as SecureAgent } from 'node:https'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { afterEach, describe, expect, it, vi } from 'vitest'

import { Deferred } from '../../../../src/base/internal.ts'
import { ConnectError } from '../../../../src/client/index.ts'
import type { DialOutcome, DialRequest } from '../../../../src/client/internal.ts'
import {
  type NodeClientOptions,
  readDialerOptions,
} from '../../../../src/engines/node/dialing/client-options.ts'
import { NodeDialer } from '../../../../src/engines/node/dialing/dialer.ts'
import { StreamTransport } from '../../../../src/engines/node/transports/stream-transport.ts'
import { TransportChoice } from '../../../../src/engines/node/transports/transport-choice.ts'
import type { Transport } from '../../../../src/session/index.ts'
import { certificate } from '../../../support/certificate.ts'
import { listen } from '../../../support/loopback.ts'
import { rawServer, switchingHead } from '../../../support/raw-server.ts'

const HEADERS = [
  ['Host', 'example.com'],
  ['Upgrade', 'websocket'],
  ['Connection', 'Upgrade'],
  ['Sec-WebSocket-Key', 'AAAAAAAAAAAAAAAAAAAAAA=='],
  ['Sec-WebSocket-Version', '13'],
  ['X-Twice', 'a'],
  ['X-Once', 'b'],
  ['x-twice', 'c'],
] as const

const choices = { auto: new TransportChoice('auto'), stream: new TransportChoice('stream') }

function dialing(options: NodeClientOptions = {}) {
  const settings = readDialerOptions(options)
  const steps: string[] = []
  const dial = (url: string, request: Partial<DialRequest> = {}): Promise<DialOutcome> =>
    new NodeDialer(settings, choices[settings.transport]).dial({
      url: new URL(url),
      headers: HEADERS,
      isElsewhere: false,
      connectTimeout: 10_000,
      entered: (step) => steps.push(step),
      signal: new AbortController().signal,
      ...request,
    })
  return { dial, steps }
}

/** Everything that a transport delivers until the peer's FIN or the end. */
function readAll(transport: Transport): Promise<string> {
  return new Promise((resolve) => {
    let text = ''
    transport.start({
      receive: (bytes) => {
        text += Buffer.from(bytes).toString('latin1')
      },
      unread: () => {},
      receiveEnd: () => resolve(text),
      drained: () => {},
      closed: () => resolve(text),
    })
  })
}

function transportOf(outcome: DialOutcome): Transport {
  if (outcome.type === 'switched') return outcome.transport
  throw new Error(`answered with ${outcome.response.status}`)
}

const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => null,
    (error: unknown) => error,
  )

/** Resolves when the client has ended all connections of a server, or reset them. */
const allGone = (sockets: readonly Socket[]): Promise<unknown> => Promise.all(sockets.map(isGone))

function isGone(socket: Socket): Promise<void> {
  if (socket.destroyed || socket.readableEnded) return Promise.resolve()
  return new Promise((resolve) => {
    for (const event of ['end', 'error', 'close']) socket.once(event, () => resolve())
    socket.resume()
  })
}

describe('NodeDialer', () => {
  it('sends the request with its headers in order, those of one name together', async () => {
    let head = ''
    await using server = await rawServer((call) => {
      head = call.head
      call.socket.write(switchingHead(call.head))
    })
    const { dial, steps } = dialing()

    const outcome = await dial(`ws://127.0.0.1:${server.port}/a%20b?c=d`)

    expect(head.split('\r\n')).toEqual([
      'GET /a%20b?c=d HTTP/1.1',
      'Host: example.com',
      'Upgrade: websocket',
      'Connection: Upgrade',
      'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
      'Sec-WebSocket-Version: 13',
      'X-Twice: a',
      'X-Twice: c',
      'X-Once: b',
      '',
      '',
    ])
    expect(steps).toEqual(['connect', 'handshake'])
    expect(outcome.response.status).toBe(101)
    expect(outcome.response.headers.get('upgrade')).toBe('websocket')
    transportOf(outcome).abort()
  })

  it.each(['auto', 'stream'] as const)(
    'delivers what came behind the 101 first (transport %s)',
    async (transport) => {
      await using server = await rawServer(({ socket, head }) => {
        socket.write(`${switchingHead(head)}first `)
        setImmediate(() => socket.end('second'))
      })
      const { dial } = dialing({ transport })

      const opened = transportOf(await dial(`ws://127.0.0.1:${server.port}/`))

      expect(opened instanceof StreamTransport).toBe(transport === 'stream')
      expect(await readAll(opened)).toBe('first second')
      expect(opened.remote).toEqual({ host: '127.0.0.1', port: server.port })
      expect(opened.encrypted).toBe(false)
      opened.abort()
    },
  )

  it.each(['auto', 'stream'] as const)(
    'delivers a FIN that came with the 101, and can still answer it (transport %s)',
    async (transport) => {
      const answered = manual()
      await using server = await rawServer(({ socket, head }) => {
        socket.end(`${switchingHead(head)}bye`)
        socket.on('data', (chunk: Buffer) => answered.resolve(chunk.toString()))
      })
      const { dial } = dialing({ transport })

      const opened = transportOf(await dial(`ws://127.0.0.1:${server.port}/`))

      expect(await readAll(opened)).toBe('bye')
      opened.write(Buffer.from('bye too'))
      opened.end()
      expect(await answered.promise).toBe('bye too')
    },
  )

  it('goes through TLS: name and certificate are checked, HTTP/1.1 is agreed on', async () => {
    await using server = await rawServer(
      ({ socket, head }) => {
        const tls = socket as TLSSocket
        tls.end(`${switchingHead(head)}${tls.servername} ${String(tls.alpnProtocol)}`)
      },
      { tls: { ALPNProtocols: ['h2', 'http/1.1'] } },
    )
    const { dial, steps } = dialing({ tls: { ca: certificate.cert } })

    const opened = transportOf(await dial(`wss://localhost:${server.port}/`))

    expect(steps).toEqual(['connect', 'tls', 'handshake'])
    expect(opened.encrypted).toBe(true)
    expect(await readAll(opened)).toBe('localhost http/1.1')
    opened.abort()
  })

  it('checks an IP address against the addresses of the certificate', async () => {
    await using server = await rawServer(
      ({ socket, head }) => {
        socket.end(switchingHead(head) + String((socket as TLSSocket).servername))
      },
      { tls: {} },
    )
    const { dial } = dialing({ tls: { ca: certificate.cert } })

    const opened = transportOf(await dial(`wss://127.0.0.1:${server.port}/`))

    // No name is announced for an address (RFC 6066 §3).
    expect(await readAll(opened)).toBe('false')
    opened.abort()
  })

  it('goes over a Unix socket', async () => {
    await using place = await folder()
    const socketPath = join(place.path, 'a.sock')
    await using server = await rawServer(
      ({ socket, head }) => void socket.end(`${switchingHead(head)}here`),
      { path: socketPath },
    )
    const { dial, steps } = dialing({ socketPath })

    const opened = transportOf(await dial('ws://nowhere.invalid/'))

    expect(await readAll(opened)).toBe('here')
    expect(steps).toEqual(['connect', 'handshake'])
    expect(server.sockets).toHaveLength(1)
    opened.abort()
  })
})

describe('NodeDialer says where it ended', () => {
  it('resolve: the name has no address', async () => {
    const { dial, steps } = dialing()

    const error = await failure(dial('ws://nowhere.invalid/'))

    expect(error).toBeInstanceOf(ConnectError)
    expect(error).toMatchObject({ step: 'resolve', cause: { code: expect.stringMatching(/^E/) } })
    expect(steps).toEqual([])
  })

  it('connect: nobody listens', async () => {
    const server = await rawServer(() => {})
    await server[Symbol.asyncDispose]()
    const { dial, steps } = dialing()

    const error = await failure(dial(`ws://127.0.0.1:${server.port}/`))

    expect(error).toMatchObject({ step: 'connect', cause: { code: 'ECONNREFUSED' } })
    expect((error as Error).message).toContain(`connection refused by 127.0.0.1:${server.port}`)
    expect(steps).toEqual(['connect'])
  })

  it('connect: there is no such socket', async () => {
    await using place = await folder()
    const { dial } = dialing({ socketPath: join(place.path, 'none.sock') })

    expect(await failure(dial('ws://localhost/'))).toMatchObject({
      step: 'connect',
      cause: { code: 'ENOENT' },
    })
  })

  it('tls: nobody known has signed the certificate', async () => {
    await using server = await rawServer(() => {}, { tls: {} })
    const { dial, steps } = dialing()

    const error = await failure(dial(`wss://localhost:${server.port}/`))

    expect(error).toMatchObject({ step: 'tls', cause: { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' } })
    expect(steps).toEqual(['connect', 'tls'])
  })

  it('tls: the other side does not speak it', async () => {
    const plain = createServer((socket) => void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
    const port = await listen(plain)

    expect(await failure(dialing().dial(`wss://localhost:${port}/`))).toMatchObject({ step: 'tls' })
    plain.close()
  })

  it('tls: the connection ends in the middle of it', async () => {
    const plain = createServer((socket) => void socket.once('data', () => socket.destroy()))
    const port = await listen(plain)

    expect(await failure(dialing().dial(`wss://localhost:${port}/`))).toMatchObject({ step: 'tls' })
    plain.close()
  })

  it.each([
    ['ends', (socket: Socket) => void socket.end()],
    ['is reset', (socket: Socket) => void socket.resetAndDestroy()],
    ['ends inside the head', (socket: Socket) => void socket.end('HTTP/1.1 101 Swi')],
  ])('handshake: the connection %s before there is an answer', async (_what, act) => {
    await using server = await rawServer(({ socket }) => act(socket))

    const error = await failure(dialing().dial(`ws://127.0.0.1:${server.port}/`))

    expect(error).toBeInstanceOf(ConnectError)
    expect(error).toMatchObject({ step: expect.stringMatching(/^(handshake|protocol)$/) })
  })

  it.each([
    ['is no HTTP', 'SSH-2.0-OpenSSH_9\r\n'],
    ['is a frame', '\x81\x05hello'],
    ['has a strange header', 'HTTP/1.1 101 x\r\nUpgrade : websocket\r\n\r\n'],
    ['has a header with a lone LF', 'HTTP/1.1 101 x\nUpgrade: websocket\n\n'],
    ['has two lengths', 'HTTP/1.1 200 x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n'],
    ['has too large a head', `HTTP/1.1 101 x\r\nX-A: ${'a'.repeat(40_000)}\r\n\r\n`],
  ])('protocol: the answer %s', async (_what, answer) => {
    await using server = await rawServer(({ socket }) => void socket.end(answer, 'latin1'))

    const error = await failure(dialing().dial(`ws://127.0.0.1:${server.port}/`))

    expect(error).toMatchObject({
      step: 'protocol',
      cause: { code: expect.stringMatching(/^HPE_/) },
    })
    await allGone(server.sockets)
  })

  it('protocol: a 101 without what makes it a switch', async () => {
    await using server = await rawServer(({ socket }) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: x\r\n\r\n')
    })

    const error = await failure(dialing().dial(`ws://127.0.0.1:${server.port}/`))

    expect(error).toMatchObject({
      step: 'protocol',
      cause: { name: 'HandshakeError', status: 101 },
    })
    await allGone(server.sockets)
  })

  it('an option that TLS cannot use is the caller’s mistake', async () => {
    const { dial } = dialing({ tls: { cert: 'no certificate', key: 'no key' } })

    await expect(dial('wss://localhost:1/')).rejects.toThrow(
      'node:tls refuses a value in option "tls"',
    )
  })
})

describe('NodeDialer and refusals', () => {
  const body = async (answer: string | Buffer, end = true): Promise<DialOutcome> => {
    await using server = await rawServer(({ socket }) => {
      socket.write(answer)
      if (end) socket.end()
    })
    const outcome = await dialing().dial(`ws://127.0.0.1:${server.port}/`)
    await allGone(server.sockets)
    return outcome
  }

  it('have status, headers and body', async () => {
    const outcome = await body(
      'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer\r\nContent-Length: 3\r\n\r\nwho',
      false,
    )

    expect(outcome).toMatchObject({ type: 'answered', response: { status: 401 } })
    expect(outcome.response.headers.get('www-authenticate')).toBe('Bearer')
    expect(outcome.type === 'answered' && Buffer.from(outcome.body).toString()).toBe('who')
  })

  it('have an empty body when there is none', async () => {
    const outcome = await body('HTTP/1.1 204 No Content\r\n\r\n', false)

    expect(outcome.type === 'answered' && outcome.body.length).toBe(0)
  })

  it('keep 64 KiB of a body that goes on for ever, and drop the connection', async () => {
    const outcome = await body(`HTTP/1.1 200 OK\r\n\r\n${'x'.repeat(200_000)}`, false)

    expect(outcome.type === 'answered' && outcome.body.length).toBe(65_536)
  })

  it('have what there is of a body that breaks off', async () => {
    const outcome = await body('HTTP/1.1 500 Oops\r\nContent-Length: 10\r\n\r\nhalf')

    expect(outcome.type === 'answered' && Buffer.from(outcome.body).toString()).toBe('half')
  })

  it('pass over announcements before them', async () => {
    const outcome = await body(
      'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n',
    )

    expect(outcome.response.status).toBe(403)
  })
})

describe('NodeDialer and a name with several addresses', () => {
  afterEach(() => {
    vi.restoreAllMocks()
  })

  it.each([
    ['ws:', ['connect', 'handshake']],
    ['wss:', ['connect', 'tls']],
  ])(
    'gives an address longer than a lost packet takes before it tries the next (%s)',
    async (scheme, expected) => {
      await using server = await slowToAccept()
      const leaving = new AbortController()
      const connected = new Deferred<void>()
      resolveTo([server.host, '::1'], () => server.wake())
      const { dial, steps } = dialing()
      const dialled = failure(
        dial(`${scheme}//two.test:${server.port}/`, {
          signal: leaving.signal,
          entered: (step) => {
            steps.push(step)
            if (step !== 'connect') connected.resolve()
          },
        }),
      )

      const error = await Promise.race([connected.promise, dialled])
      leaving.abort()

      expect(error).toBeUndefined()
      expect(steps).toEqual(expected)
      await dialled
    },
  )

  it('goes on to the next address when one refuses', async () => {
    await using server = await rawServer(({ socket, head }) => socket.write(switchingHead(head)))
    resolveTo(['127.0.0.2', '127.0.0.1'])

    const outcome = await dialing().dial(`ws://two.test:${server.port}/`)

    transportOf(outcome).abort()
  })

  it('goes on to the next address after a fifth of connectTimeout', async () => {
    await using server = await slowToAccept()
    resolveTo([server.host, '::1'])

    const error = await failure(
      dialing().dial(`ws://two.test:${server.port}/`, { connectTimeout: 200 }),
    )

    expect(error).toMatchObject({ step: 'connect' })
  })
})

/**
 * Makes every name resolve to these addresses. `done` is called when a connection to the first
 * address starts.
 */
function resolveTo(addresses: readonly string[], done: () => void = () => {}): void {
  const found = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
  vi.spyOn(dns, 'lookup').mockImplementation(((
    _: string,
    __: object,
    tell: (error: null, found: unknown) => void,
  ) => {
    setImmediate(() => {
      tell(null, found)
      // The request to connect has been sent by now, and dropped.
      setImmediate(done)
    })
  }) as never) // one of its four forms, which Node uses
}

/**
 * Creates a server whose accept queue is full: it drops connection attempts until it is woken up.
 */
async function slowToAccept(): Promise<
  AsyncDisposable & { readonly host: string; readonly port: number; wake(): void }
> {
  const host = '127.0.0.2'
  const child: ChildProcess = spawn(process.execPath, ['-e', SLOW_SERVER, host])
  const [line] = (await once(child.stdout ?? process.stdin, 'data')) as [Buffer]
  const port = Number(line)
  child.kill('SIGSTOP')
  const sockets = Array.from({ length: 4 }, () => connect(port, host).on('error', () => {}))
  await once(sockets[1] ?? process, 'connect')
  return {
    host,
    port,
    wake: () => void child.kill('SIGCONT'),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      child.kill('SIGKILL')
      await once(child, 'exit')
    },
  }
}

const SLOW_SERVER = `require('net').createServer(() => {}).listen(
  { port: 0, host: process.argv[1], backlog: 1 },
  function () { process.stdout.write(String(this.address().port)) })`

describe('NodeDialer and its signal', () => {
  it('dials nothing when it has fired before', async () => {
    await using server = await rawServer(() => {})

    const error = await failure(
      dialing().dial(`ws://127.0.0.1:${server.port}/`, { signal: AbortSignal.abort('no') }),
    )

    expect(error).toBe('no')
    expect(server.sockets).toEqual([])
  })

  it('drops a connection on which no answer comes', async () => {
    const leaving = new AbortController()
    await using server = await rawServer(() => leaving.abort('enough'))

    const error = await failure(
      dialing().dial(`ws://127.0.0.1:${server.port}/`, { signal: leaving.signal }),
    )

    expect(error).toBe('enough')
    await allGone(server.sockets)
  })

  it('drops a connection in the middle of TLS', async () => {
    const leaving = new AbortController()
    const gone = manual()
    const silent = createServer((socket) => {
      socket.on('error', () => {})
      socket.once('data', () => leaving.abort('enough'))
      socket.once('close', () => gone.resolve(''))
    })
    const port = await listen(silent)

    const error = await failure(
      dialing().dial(`wss://localhost:${port}/`, { signal: leaving.signal }),
    )

    expect(error).toBe('enough')
    await gone.promise
    silent.close()
  })

  it('makes do with the part of a body that is there', async () => {
    const leaving = new AbortController()
    await using server = await rawServer(({ socket }) => {
      socket.write('HTTP/1.1 503 Busy\r\nContent-Length: 10\r\n\r\nhalf')
    })
    const dialled = dialing().dial(`ws://127.0.0.1:${server.port}/`, {
      signal: leaving.signal,
      entered: (step) => {
        // The answer is written as soon as the request is there: a few turns of the loop.
        if (step === 'handshake') void turns(server.sockets).then(() => leaving.abort('enough'))
      },
    })

    expect(await dialled).toMatchObject({ type: 'answered', response: { status: 503 } })
    await allGone(server.sockets)
  })
})

describe('NodeDialer with an agent', () => {
  it('takes the connection of an agent of Node, pooled or not', async () => {
    await using server = await rawServer(({ socket, head }) => {
      socket.end(`${switchingHead(head)}hello`)
    })
    const agent = new Agent({ keepAlive: true })
    const { dial, steps } = dialing({ agent })

    const opened = transportOf(await dial(`ws://127.0.0.1:${server.port}/`))

    expect(opened).not.toBeInstanceOf(StreamTransport)
    expect(steps).toEqual(['proxy', 'connect', 'handshake'])
    expect(await readAll(opened)).toBe('hello')
    expect(agent.sockets).toEqual({})
    expect(agent.freeSockets).toEqual({})
    opened.abort()
  })

  it('takes one of HTTPS, with the options for TLS', async () => {
    await using server = await rawServer(
      ({ socket, head }) => void socket.end(`${switchingHead(head)}hello`),
      { tls: {} },
    )
    const { dial, steps } = dialing({ agent: new SecureAgent(), tls: { ca: certificate.cert } })

    const opened = transportOf(await dial(`wss://localhost:${server.port}/`))

    expect(await readAll(opened)).toBe('hello')
    expect(steps).toEqual(['proxy', 'connect', 'tls', 'handshake'])
    opened.abort()
  })

  it.each(['ws:', 'wss:'])('goes through the tunnel of an agent to %s', async (scheme) => {
    await using server = await rawServer(
      ({ socket, head }) => void socket.end(`${switchingHead(head)}hello`),
      scheme === 'wss:' ? { tls: {} } : {},
    )
    await using proxy = await tunnelProxy()
    const agent = new TunnelAgent(proxy.port)
    const { dial, steps } = dialing({ agent, tls: { ca: certificate.cert } })

    const opened = transportOf(await dial(`${scheme}//localhost:${server.port}/`))

    expect(await readAll(opened)).toBe('hello')
    expect(proxy.asked).toEqual([`localhost:${server.port}`])
    expect(steps.at(-1)).toBe('handshake')
    opened.abort()
  })

  it('proxy: the proxy cannot be reached', async () => {
    const proxy = await tunnelProxy()
    await proxy[Symbol.asyncDispose]()
    const { dial } = dialing({ agent: new TunnelAgent(proxy.port) })

    expect(await failure(dial('ws://localhost:9/'))).toMatchObject({
      step: 'proxy',
      cause: { code: 'ECONNREFUSED' },
    })
  })

  it('proxy: an answer that comes unencrypted is not the server’s, be it a 101', async () => {
    await using server = await rawServer(({ socket, head }) => {
      socket.write(
        head.includes('/refused')
          ? 'HTTP/1.1 407 Authenticate\r\nContent-Length: 0\r\n\r\n'
          : switchingHead(head),
      )
    })
    const { dial } = dialing({ agent: new PlainAgent(server.port) })

    const switched = await failure(dial('wss://localhost/'))
    const refused = await failure(dial('wss://localhost/refused'))

    expect(switched).toMatchObject({ name: 'ConnectError', step: 'proxy' })
    expect((switched as Error).message).toContain('not encrypted')
    expect(refused).toMatchObject({ name: 'ConnectError', step: 'proxy' })
    expect((refused as Error).message).toContain('status 407')
    await allGone(server.sockets)
  })

  it('proxy: a 407 is the proxy’s over plain connections too', async () => {
    await using server = await rawServer(({ socket }) => {
      socket.end('HTTP/1.1 407 Authenticate\r\nContent-Length: 0\r\n\r\n')
    })
    const { dial } = dialing({ agent: new Agent() })

    expect(await failure(dial(`ws://127.0.0.1:${server.port}/`))).toMatchObject({ step: 'proxy' })
  })
})

describe('NodeDialer on another origin than was asked for', () => {
  it('keeps client certificates and what was said about one host to itself', async () => {
    const seen: unknown[] = []
    await using server = await rawServer(
      ({ socket, head }) => {
        const { servername } = socket as TLSSocket
        const { subject } = (socket as TLSSocket).getPeerCertificate()
        seen.push([servername, (subject as { CN?: string } | undefined)?.CN ?? null])
        socket.end(switchingHead(head))
      },
      { tls: { requestCert: true, rejectUnauthorized: false } },
    )
    const url = `wss://localhost:${server.port}/`
    const checkServerIdentity = (): undefined => undefined
    const tls = { ca: certificate.cert, ...certificate, servername: 'inner', checkServerIdentity }
    const { dial } = dialing({ tls })

    transportOf(await dial(url)).abort()
    transportOf(await dial(url, { isElsewhere: true })).abort()

    expect(seen).toEqual([
      ['inner', 'localhost'],
      ['localhost', null],
    ])
  })

  it('fails with what checkServerIdentity throws, and does not let it end the process', async () => {
    await using server = await rawServer(({ socket }) => socket.end(), { tls: {} })
    const checkServerIdentity = (): never => {
      throw new Error('not this one')
    }
    const { dial } = dialing({ tls: { ca: certificate.cert, checkServerIdentity } })

    expect(await failure(dial(`wss://localhost:${server.port}/`))).toMatchObject({
      step: 'tls',
      cause: { message: 'not this one' },
    })
  })

  it('checks certificates there, whatever was said about the first host', async () => {
    await using server = await rawServer(
      ({ socket, head }) => void socket.end(switchingHead(head)),
      {
        tls: {},
      },
    )
    const { dial } = dialing({ tls: { rejectUnauthorized: false } })
    const url = `wss://localhost:${server.port}/`

    transportOf(await dial(url)).abort()

    expect(await failure(dial(url, { isElsewhere: true }))).toMatchObject({ step: 'tls' })
  })
})

interface Manual {
  readonly promise: Promise<unknown>
  readonly resolve: (value: string) => void
}

function manual(): Manual {
  let resolve: (value: string) => void = () => {}
  const promise = new Promise<unknown>((done) => {
    resolve = done
  })
  return { promise, resolve }
}

async function folder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'towpath-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) }
}

/** Waits until the server has the connection and has written to it. */
async function turns(sockets: readonly Socket[]): Promise<void> {
  while (!sockets.some(({ bytesWritten }) => bytesWritten > 0)) await turn()
  for (let index = 0; index < 10; index++) await turn()
}

function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}

/** A proxy that knows CONNECT. */
async function tunnelProxy(): Promise<
  AsyncDisposable & { readonly port: number; readonly asked: string[] }
> {
  const asked: string[] = []
  const server = await rawServer(({ socket, head }) => {
    const target = /^CONNECT (\S+)/.exec(head)?.[1] ?? ''
    asked.push(target)
    const onward = connect({ host: '127.0.0.1', port: Number(target.split(':')[1]) })
    onward.on('error', () => socket.destroy())
    onward.once('connect', () => {
      socket.write('HTTP/1.1 200 Connected\r\n\r\n')
      socket.pipe(onward)
      onward.pipe(socket)
    })
  })
  return { port: server.port, asked, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() }
}

type Created = (error: Error | null, stream: Duplex) => void

interface Wanted {
  readonly host: string
  readonly port: number
  readonly protocol?: string
  readonly servername?: string
  readonly ca?: string
}

/** Tunnels through a proxy, as those of packages do, for both schemes. */
class TunnelAgent extends Agent {
  readonly #port: number

  constructor(port: number) {
    super()
    this.#port = port
    Object.defineProperty(this, 'protocol', { value: undefined, writable: true })
  }

  // What Node calls for a connection; its declaration is that of `net.createConnection`.
  override createConnection(wanted: object, created?: Created): undefined {
    const { host, port, protocol, servername = '', ca = '' } = wanted as Wanted
    const tcp = connect({ host: '127.0.0.1', port: this.#port })
    tcp.once('error', (error) => created?.(error, tcp))
    tcp.once('connect', () => {
      tcp.write(`CONNECT ${host}:${port} HTTP/1.1\r\n\r\n`)
      tcp.once('data', () => {
        const isSecure = protocol === 'https:'
        created?.(null, isSecure ? connectTls({ socket: tcp, servername, ca }) : tcp)
      })
    })
  }
}

/** Connects to one place without TLS, whatever it is asked for. */
class PlainAgent extends TunnelAgent {
  readonly #place: number

  constructor(port: number) {
    super(port)
    this.#place = port
  }

  override createConnection(_wanted: object, created?: Created): undefined {
    const tcp = connect({ host: '127.0.0.1', port: this.#place })
    tcp.once('connect', () => created?.(null, tcp))
  }
}
