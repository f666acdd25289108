import { existsSync, mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type EmbeddedServer, embeddedServer, WebSockets } from '../../../src/index.ts'
import { serverCases } from '../../../src/cli/check/cases/all-cases.ts'
import { certificate } from '../../support/certificate.ts'
import { CommandLine } from '../../support/command-line.ts'
import { EXAMINING, rawEcho, type RawEchoOptions } from '../../support/raw-echo.ts'
import type { RawServer } from '../../support/raw-server.ts'

let server: EmbeddedServer
let url: string

beforeAll(async () => {
  server = await embeddedServer({ port: 0, host: '127.0.0.1', signals: false }, (app) => {
    app.install(WebSockets)
    app.routing((route) => {
      route.webSocket('/', async ({ incoming, send }) => {
        for await (const frame of incoming) await send(frame)
      })
    })
  }).start()
  url = `ws://127.0.0.1:${server.address.port}`
})

afterAll(() => server.stop({ grace: 0 }))

interface Ended {
  readonly exitCode: number
  readonly out: string
  readonly err: string
}

function check(...args: readonly string[]): Promise<Ended> {
  return new CommandLine().run(['check', ...args])
}

/** Checks a server of bytes. `options` may use the time of the command. */
async function checkRaw(
  args: readonly string[],
  options: (line: CommandLine) => RawEchoOptions,
): Promise<Ended> {
  const line = new CommandLine()
  await using raw: RawServer = await rawEcho(options(line))
  return await line.run(['check', `ws://127.0.0.1:${raw.port}/`, ...args])
}

const ONE = ['--filter', 'text in fragments of 1+1 bytes', '--filter', 'fragmentation: ']

describe('towpath check', () => {
  it('E-35 prints the verdicts of each family, and ends with 0', async () => {
    const { exitCode, out, err } = await check(`${url}/`, '--filter', 'pings: ')

    expect({ exitCode, err }).toEqual({ exitCode: 0, err: '' })
    expect(out.split('\n').map((row) => row.trimEnd().replaceAll(/ +/g, ' '))).toEqual([
      'family pass strict-fail fail informational',
      'pings 16 0 0 0',
      'total 16 0 0 0',
      '',
    ])
  })

  it('E-36 ends with 5 for a case that failed, and names its grade, section and reason', async () => {
    const { exitCode, out, err } = await checkRaw(ONE, () => ({
      frame: (socket, { first, payload }) => {
        if (payload.length > 1 || first !== 0x80) return false
        socket.write('\u0080\u0001b', 'latin1')
        return true
      },
    }))

    expect(exitCode).toBe(5)
    expect(err).toBe('towpath: 2 of 2 cases failed\n')
    expect(out).toContain(
      'fail          MUST   RFC 6455 §5.4      fragmentation: text in fragments of 1+1 bytes: message 1 came back changed\n',
    )
  })

  it('E-36 a strict-fail counts with --grade strict alone', async () => {
    const filter = ['--filter', 'fragmentation: a continuation 80 without a start']
    const dropping = (): RawEchoOptions => ({
      frame: (socket, { first }) => {
        if (first === 0x80) socket.end()
        return first === 0x80
      },
    })

    const must = await checkRaw(filter, dropping)
    const strict = await checkRaw([...filter, '--grade', 'strict'], dropping)

    expect([must.exitCode, strict.exitCode]).toEqual([0, 5])
    expect(must.out).toMatch(/^strict-fail .*it dropped the connection without a Close/m)
  })

  it('E-37 says that a server does not echo, and ends with 5', async () => {
    const { exitCode, err } = await checkRaw([], (line) => ({
      frame: () => {
        setImmediate(() => void line.clock.advance(5000))
        return true
      },
    }))

    expect(exitCode).toBe(5)
    expect(err).toBe(
      'towpath: Cannot check the server: it does not echo, expected a server that sends each message back unchanged\n',
    )
  })

  it.each([
    [['localhost/', '--grade', 'may'], 1, '--grade'],
    [['localhost/', '--filter', 'nothing like it'], 1, 'no case matches'],
    [['localhost/', '--concurrency', '65'], 1, '--concurrency'],
    [['localhost/', '-H', 'Sec-WebSocket-Key: x'], 1, 'belongs to the cases'],
    [['https://localhost/'], 1, 'expected a URL of ws: or wss:'],
    [['ws://127.0.0.1:1/'], 2, '(step: connect)'],
  ])('E-38 check %j ends with %i', async (args, exitCode, text) => {
    const result = await check(...args)

    expect(result.exitCode).toBe(exitCode)
    expect(result.err).toContain(text)
    expect(result.err.match(/\n/g)).toHaveLength(1)
  })

  it('E-38 ends with 3 for a server that refuses the upgrade', async () => {
    const { exitCode, err } = await check(`${url}/none`)

    expect(exitCode).toBe(3)
    expect(err).toContain('status 404')
  })

  it('E-38 ends with 2 for a server that does not answer, or not with HTTP', async () => {
    const silent = await checkRaw([], (line) => ({
      connection: () => {
        setImmediate(() => void line.clock.advance(5000))
        return true
      },
    }))
    const strange = await checkRaw([], () => ({
      connection: ({ socket }) => socket.write('SSH-2.0\r\n\r\n') || true,
    }))

    expect(silent.exitCode).toBe(2)
    expect(silent.err).toContain('it did not answer within 5000 ms (step: handshake)')
    expect(strange.exitCode).toBe(2)
    expect(strange.err).toContain('something that is not HTTP')
  })

  it('E-38 ends with 124 after --timeout, and with 130 when it is interrupted', async () => {
    const args = ['--deadline', '60000', '--timeout', '7000', ...ONE]
    const held = (end: (line: CommandLine) => void) =>
      checkRaw(args, (line) => ({
        connection: (_call, index) => {
          if (index < EXAMINING) return false
          setImmediate(() => end(line))
          return true
        },
      }))

    const late = await held((line) => void line.clock.advance(7000))
    const line = new CommandLine()
    await using raw = await rawEcho({
      connection: (_call, index) => {
        if (index === EXAMINING) void command.interrupt()
        return index >= EXAMINING
      },
    })
    const command = line.start(['check', `ws://127.0.0.1:${raw.port}/`, ...args])

    expect(late.exitCode).toBe(124)
    expect(await command.exitCode).toBe(130)
  })

  it('E-39 a server that sends without end, or too much in one frame, costs no memory', async () => {
    const flood = await checkRaw(ONE, () => ({
      frame: (socket, { payload }) => {
        if (payload.length > 1) return false
        const more = (): void => {
          while (!socket.destroyed && socket.write(Buffer.from('8a00'.repeat(4096), 'hex')));
        }
        socket.on('drain', more)
        more()
        return true
      },
    }))
    const gigantic = await checkRaw(ONE, () => ({
      frame: (socket, { payload }) => {
        if (payload.length > 1) return false
        return socket.write(Buffer.from('88ff000001000000000000000000', 'hex')) || true
      },
    }))

    expect(flood.exitCode).toBe(5)
    expect(flood.out).toContain('it sent more than the')
    expect(gigantic.exitCode).toBe(5)
    expect(gigantic.out).toContain('it sent a frame with a mask')
  })

  it('E-39 a server that never closes TCP costs the time of a case, and fails', async () => {
    const { exitCode, out } = await checkRaw(ONE, (line) => ({
      frame: (socket, { first, payload }) => {
        if (first !== 0x88) return false
        socket.write(Buffer.concat([Buffer.of(first, payload.length), payload]))
        if (payload.length === 2) setImmediate(() => void line.clock.advance(5000))
        return true
      },
    }))

    expect(exitCode).toBe(5)
    expect(out).toMatch(/^fail .*fragmentation/m)
  })

  it('E-39 stops when the server has gone, and names the case', async () => {
    const line = new CommandLine()
    const raw = await rawEcho({
      connection: ({ socket }, index) => {
        if (index < EXAMINING) return false
        socket.destroy()
        void raw[Symbol.asyncDispose]()
        return true
      },
    })
    const args = ['--concurrency', '1', '--filter', 'fragmentation: ']

    const { exitCode, err } = await line.run(['check', `ws://127.0.0.1:${raw.port}/`, ...args])

    expect(exitCode).toBe(2)
    expect(err).toMatch(/accepts no connections, since the case "fragmentation: .*" or one before/)
  })

  it('E-39 stops after 20 cases in a row without any answer', async () => {
    const { exitCode, err, out } = await checkRaw(['--concurrency', '1'], (line) => ({
      connection: (_call, index) => {
        if (index < EXAMINING) return false
        setImmediate(() => void line.clock.advance(5000))
        return true
      },
    }))

    expect(exitCode).toBe(5)
    expect(err).toContain('the server has stopped answering')
    expect(out).toMatch(/^total +0 +\d+ +\d+ +\d+/m)
  })

  it('E-40 writes JSON, JUnit and HTML, and escapes what the server wrote', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'towpath-check-'))
    const [junit, html] = [join(folder, 'junit.xml'), join(folder, 'check.html')]
    const filter = ['--filter', 'a correct request is accepted', '--filter', 'handshake: ']
    const { out, exitCode } = await checkRaw(
      [...filter, '--json', '--junit', junit, '--html', html],
      () => ({
        connection: ({ socket }, index) => {
          if (index < EXAMINING) return false
          socket.end(
            'HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
              'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n' +
              'Sec-WebSocket-Protocol: <b>\u001b[2J&\r\n\r\n',
          )
          return true
        },
      }),
    )

    expect(exitCode).toBe(5)
    expect(JSON.parse(out)).toMatchObject({
      grade: 'must',
      counts: { pass: 0, 'strict-fail': 0, fail: 1, informational: 0 },
      cases: [{ family: 'handshake', grade: 'MUST', verdict: 'fail' }],
    })
    for (const text of [readFileSync(junit, 'utf8'), readFileSync(html, 'utf8')]) {
      expect(text).toContain('&#60;b&#62;\\x1b[2J&#38;')
      expect(text).not.toContain('\u001b')
    }
    expect(readFileSync(junit, 'utf8')).toMatch(
      /<testsuite name="handshake" tests="1" failures="1" skipped="0"[^>]*>\n<testcase [^>]*><failure type="fail"/,
    )
    expect(readFileSync(html, 'utf8')).not.toMatch(/<script|src=|href=/)
  })

  it.each(['--html', '--junit'])(
    'E-40 ends with 1 before it connects if the file of %s cannot be opened',
    async (option) => {
      // Nothing listens there.
      const args = ['ws://127.0.0.1:1/', ...ONE, option, '/none/report']
      const { exitCode, err } = await check(...args)

      expect(exitCode).toBe(1)
      expect(err).toMatch(/^towpath: Cannot write the file "\/none\/report": ENOENT.*\n$/)
    },
  )

  it.runIf(existsSync('/dev/full'))(
    'E-40 prints the results, and ends with 1, if the disk is full when the file is written',
    async () => {
      const { exitCode, err, out } = await check(`${url}/`, ...ONE, '--html', '/dev/full')

      expect(exitCode).toBe(1)
      expect(err).toMatch(/^towpath: Cannot write the file "\/dev\/full": ENOSPC.*\n$/)
      expect(out).toMatch(/^total +2 /m)
    },
  )

  it('E-41 --list prints the cases that the filters match, without a server', async () => {
    const { exitCode, out } = await check('localhost', '--list', '--filter', '§5.2')

    expect(exitCode).toBe(0)
    expect(out).toContain(
      'MUST   RFC 6455 §5.2      framing: a text frame of 125 bytes with a length in 3 bytes is refused\n',
    )
    expect(out).not.toContain('utf8: ')
  })

  it('E-41 no two cases have the same family and name', () => {
    const names = serverCases().map(({ family, name }) => `${family}: ${name}`)

    expect(new Set(names).size).toBe(names.length)
  })

  it('E-42 checks wss: and a Unix socket, and sends the headers of the user', async () => {
    const socketPath = join(mkdtempSync(join(tmpdir(), 'towpath-check-')), 'socket')
    const echo = async (options: object): Promise<EmbeddedServer> =>
      embeddedServer({ signals: false, ...options }, (app) => {
        app.install(WebSockets)
        app.routing((route) => {
          route.intercept(({ request }) =>
            request.headers.get('x-token') === 'secret' &&
            request.headers.get('authorization') === 'Basic bsOkOmI='
              ? undefined
              : new Response('', { status: 401 }),
          )
          route.webSocket('/', async ({ incoming, send }) => {
            for await (const frame of incoming) await send(frame)
          })
        })
      }).start()
    const [secure, unix] = [
      await echo({ port: 0, host: '127.0.0.1', tls: certificate }),
      await echo({ socketPath }),
    ]
    const token = ['-H', 'X-Token: secret', ...ONE]

    const overTls = await check(`wss://n%C3%A4:b@localhost:${secure.address.port}/`, '-k', ...token)
    const overUnix = await check('ws://n%C3%A4:b@localhost/', '--unix', socketPath, ...token)
    await Promise.all([secure.stop({ grace: 0 }), unix.stop({ grace: 0 })])

    expect([overTls.err, overUnix.err]).toEqual(['', ''])
    expect([overTls.exitCode, overUnix.exitCode]).toEqual([0, 0])
  })
})
