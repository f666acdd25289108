import { once } from 'node:events'
import { createServer, type Http2Server, type ServerHttp2Stream } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import { http2ServerCases } from '../../../../src/cli/check/cases/all-cases.ts'
import { http2Cases } from '../../../../src/cli/check/cases/http2.ts'
import {
  embeddedServer,
  type EmbeddedServerOptions,
  Frame,
  permessageDeflate,
  WebSockets,
  type WebSocketsOptions,
} from '../../../../src/index.ts'
import { certificate } from '../../../support/certificate.ts'
import { CommandLine } from '../../../support/command-line.ts'
import { serveHttp2 } from '../../../support/http2-server.ts'

interface Ended {
  readonly exitCode: number
  readonly out: string
  readonly err: string
}

/** Runs the cases. No time passes, so that a busy machine fails none. */
function check(url: string, ...args: readonly string[]): Promise<Ended> {
  return new CommandLine().run(['check', url, '--http2', ...args])
}

function rowsOf({ out }: Ended): string[] {
  return out
    .split('\n')
    .filter((row) => /^(strict-)?fail/.test(row))
    .map((row) => row.trimEnd().replaceAll(/ +/g, ' '))
}

/** What a server of `node:http2` does with a stream that asks for a WebSocket, or for anything. */
type Answer = (stream: ServerHttp2Stream, close: () => void) => void

/** Opens everything, and echoes masked frames of up to 125 bytes; nothing else is checked. */
async function laxServer(answer: Answer, enableConnectProtocol = true): Promise<Server> {
  const server = createServer({ settings: { enableConnectProtocol } })
  server.on('sessionError', () => {})
  server.on('stream', (stream) => {
    stream.on('error', () => {})
    let received = Buffer.alloc(0)
    stream.on('data', (bytes: Buffer) => {
      received = Buffer.concat([received, bytes])
      for (let size = sizeOf(received); size <= received.length; size = sizeOf(received)) {
        const frame = received.subarray(0, size)
        received = received.subarray(size)
        const isClose = frame[0] === 0x88
        if (!stream.destroyed) stream.write(echoOf(frame))
        if (isClose) answer(stream, () => stream.end())
      }
    })
    answer(stream, () => {})
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return new Server(server)
}

class Server implements AsyncDisposable {
  readonly url: string
  readonly #server: Http2Server

  constructor(server: Http2Server) {
    this.#server = server
    this.url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/` // it listens on TCP
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close()
    await once(this.#server, 'close')
  }
}

/** An echo of ours. @param answer returns what comes back for a frame. */
async function ownServer(
  plugin: WebSocketsOptions,
  answer: (frame: Frame) => Frame = (frame) => frame,
  options: Partial<EmbeddedServerOptions> = { http2: { cleartext: true } },
): Promise<AsyncDisposable & { readonly url: string }> {
  const address = { port: 0, host: '127.0.0.1', signals: false }
  const server = await embeddedServer({ ...address, ...options }, (app) => {
    app.install(WebSockets, plugin)
    app.routing((route) => {
      route.webSocket('/', { protocols: ['a', 'b'] }, async ({ incoming, send }) => {
        for await (const frame of incoming) await send(answer(frame))
      })
    })
  }).start()
  const stop = async (): Promise<void> => void (await server.stop({ grace: 0 }))
  return { url: `ws://127.0.0.1:${server.address.port}/`, [Symbol.asyncDispose]: stop }
}

/** The size of the first frame; infinite unless its head has come. */
function sizeOf(bytes: Buffer): number {
  const length = bytes[1]
  return length === undefined ? Infinity : 6 + (length & 0x7f)
}

function echoOf(frame: Buffer): Buffer {
  const key = frame.subarray(2, 6)
  const payload = frame.subarray(6).map((byte, index) => byte ^ (key[index % 4] ?? 0))
  return Buffer.concat([Buffer.of(frame[0] ?? 0, payload.length), payload])
}

/** Answers once, and then ends by `end`. */
function opening(
  headers: Record<string, string> = {},
  end = (stream: ServerHttp2Stream): void => void stream.end(),
): Answer {
  return (stream) => {
    if (stream.headersSent) end(stream)
    else stream.respond({ ':status': 200, ...headers })
  }
}

describe('towpath check --http2', () => {
  it.each<[string, Partial<EmbeddedServerOptions>]>([
    ['ws', { http2: { cleartext: true } }],
    ['wss', { http2: true, tls: certificate }],
  ])('E-56 our own server has no fail and no strict-fail (%s:)', async (scheme, options) => {
    await using server = await ownServer({}, (frame) => frame, options)
    const url = server.url.replace('ws', scheme)

    const args = ['--insecure', '-s', 'b', '--grade', 'strict', '--filter', 'http2:']
    const ended = await check(url, ...args)

    expect(ended.err).toBe('')
    expect(rowsOf(ended)).toEqual([])
    expect(ended.out).toMatch(new RegExp(`^total +${http2Cases().length - 1} +0 +0 +1$`, 'm'))
  })

  it('E-56 runs the cases about frames, and finds what a server does not refuse', async () => {
    await using server = await ownServer({}, (frame) =>
      frame instanceof Frame.Text && frame.readText() === '' ? new Frame.Text('empty') : frame,
    )

    const args = ['--filter', 'framing:', '--filter', 'message of 0 bytes']
    const ended = await check(server.url, ...args)

    expect(ended.exitCode).toBe(5)
    expect(ended.out).toMatch(/^framing +1 +0 +1 +0$/m)
    expect(rowsOf(ended)).toEqual([
      'fail MUST RFC 6455 §5.2 framing: a text message of 0 bytes is echoed: message 1 came back changed',
    ])
  })

  it('E-56 offers compression, and uses what was agreed', async () => {
    await using server = await ownServer({ extensions: [permessageDeflate()] })

    const args = ['--filter', 'compression:', '--filter', '7.2.3', '--grade', 'strict']
    const ended = await check(server.url, ...args)

    expect(ended.err).toBe('')
    expect(rowsOf(ended)).toEqual([])
    expect(ended.out).toMatch(/^compression +[1-9]\d* +0 +0 +0$/m)
  })

  it('E-56 cases about compression need a server that compresses', async () => {
    await using server = await laxServer(opening())

    const args = ['--filter', 'compression:', '--filter', '7.2.3', '--verbose']
    const { exitCode, out } = await check(server.url, ...args)

    expect(exitCode).toBe(0)
    expect(out).toContain('it does not compress')
    expect(out).toMatch(/^total +0 +0 +0 +[1-9]\d*$/m)
  })

  it('E-56 finds that a server checks neither version, protocol, extensions nor masks', async () => {
    await using server = await laxServer(opening())

    const ended = await check(server.url, '--filter', '§4', '--filter', 'MUST')

    expect(ended.exitCode).toBe(5)
    // Node's own module refuses an empty :protocol.
    expect(rowsOf(ended)).toEqual([
      'fail MUST RFC 6455 §4.2.1 http2: a request without Sec-WebSocket-Version is refused: it opened the stream',
      ...['12', '14', '255'].map(
        (version) =>
          `fail MUST RFC 6455 §4.2.2 http2: the version ${version} is refused, with the versions that the server has: it opened the stream`,
      ),
      'fail MUST RFC 8441 §4 http2: a :protocol that is unknown is refused: it opened the stream',
      'fail MUST RFC 8441 §4 http2: a :protocol of websockets is refused: it opened the stream',
    ])
  })

  it('E-56 finds a subprotocol and an extension that were not offered', async () => {
    for (const [name, value, why] of [
      ['sec-websocket-protocol', 'x\u001b', 'uses the subprotocol x, which was not offered'],
      ['sec-websocket-extensions', 'y', 'uses the extension y, which was not offered'],
    ] as const) {
      let count = 0
      await using server = await laxServer((stream, close) => {
        // The examination comes first.
        if (stream.headersSent) close()
        else opening(count++ === 0 ? {} : { [name]: value.replace('\u001b', '') })(stream, close)
      })

      const ended = await check(server.url, '--filter', 'a correct request')

      expect(ended.exitCode).toBe(5)
      expect(ended.out).toContain(why)
    }
  })

  it('E-56 finds a stream that stays open after both Close frames', async () => {
    const line = new CommandLine()
    let count = 0
    await using server = await laxServer(
      opening({}, (stream) => {
        // The examination comes first.
        if (count++ === 0) stream.end()
        else setImmediate(() => void line.clock.advance(5000))
      }),
    )

    const args = ['check', server.url, '--http2', '--filter', 'with END_STREAM']
    const ended = await line.run(args)

    expect(ended.exitCode).toBe(0)
    expect(rowsOf(ended)).toEqual([
      'strict-fail SHOULD RFC 8441 §5 http2: after both Close frames, the stream ends with END_STREAM: it did not close TCP after both Close frames (§5.5.1)',
    ])
  })

  it.each<[string, number, Answer, boolean, string]>([
    ['does not allow extended CONNECT', 2, opening(), false, 'do not allow extended CONNECT'],
    [
      'refuses',
      3,
      (stream) =>
        void (stream.headersSent || stream.respond({ ':status': 403 }, { endStream: true })),
      true,
      'it refused the upgrade with status 403',
    ],
    [
      'resets',
      2,
      (stream) => stream.close(7),
      true,
      'it reset the stream with the code 7 (step: handshake)',
    ],
    [
      'does not echo',
      5,
      (stream) =>
        void (stream.headersSent || stream.respond({ ':status': 200 }, { endStream: true })),
      true,
      'it does not echo',
    ],
  ])('E-56 a server that %s ends the command with %d', async (_, code, answer, isOn, why) => {
    await using server = await laxServer(answer, isOn)

    const { exitCode, err, out } = await check(server.url)

    expect({ exitCode, out }).toEqual({ exitCode: code, out: '' })
    expect(err).toContain(`towpath: Cannot check the server: `)
    expect(err).toContain(why)
  })

  it('E-56 a server of HTTP/1.1 ends the command with 2', async () => {
    const server = await serveHttp2({ http2: false, tls: undefined } as object)
    const { exitCode, err } = await check(`ws://127.0.0.1:${server.address.port}/echo`)
    await server.stop({ grace: 0 })

    expect(exitCode).toBe(2)
    expect(err).toBe(
      'towpath: Cannot check the server: it does not speak HTTP/2 (step: handshake)\n',
    )
  })

  it('E-56 a server that does not answer costs the time of a case', async () => {
    const line = new CommandLine()
    let count = 0
    await using server = await laxServer((stream, close) => {
      if (stream.headersSent || count++ === 0) opening()(stream, close)
      else setImmediate(() => void line.clock.advance(5000))
    })

    const args = ['check', server.url, '--http2', '--filter', 'a correct request is']
    const { exitCode, out } = await line.run(args)

    expect(exitCode).toBe(5)
    expect(out).toContain('a correct request is accepted: it did not answer')
  })

  it('E-56 --list prints the cases, without a server', async () => {
    const { exitCode, out } = await check('localhost', '--list')

    expect(exitCode).toBe(0)
    expect(out).toContain('MUST   RFC 8441 §4        http2: a request without :scheme is refused\n')
    expect(out).toContain('http2: a request without :scheme')
    expect(out).toContain('framing: ')
    expect(out.match(/\n/g)).toHaveLength(http2ServerCases().length)
  })

  it('E-56 stops after 20 cases in a row without any answer', async () => {
    const line = new CommandLine()
    let count = 0
    await using server = await laxServer((stream, close) => {
      // The examination makes two requests.
      if (stream.headersSent || count++ < 2) opening()(stream, close)
      else setImmediate(() => void line.clock.advance(5000))
    })

    const args = ['--http2', '--filter', 'framing:', '--concurrency', '1']
    const { exitCode, err } = await line.run(['check', server.url, ...args])

    expect(exitCode).toBe(5)
    expect(err).toContain('Cannot go on: the server has stopped answering')
    expect(count).toBe(22)
  })

  it('E-56 no two cases have the same family and name', () => {
    const names = http2ServerCases().map(({ family, name }) => `${family}: ${name}`)

    expect(new Set(names).size).toBe(names.length)
  })
})
