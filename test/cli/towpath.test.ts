import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, openSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type EmbeddedServer, embeddedServer, WebSockets } from '../../src/index.ts'

const PROGRAM = fileURLToPath(new URL('../../src/cli/towpath.ts', import.meta.url))

let server: EmbeddedServer

beforeAll(async () => {
  server = await embeddedServer({ port: 0, host: '127.0.0.1', signals: false }, (app) => {
    app.install(WebSockets)
    app.routing((route) => {
      route.webSocket('/echo', async ({ incoming, send }) => {
        for await (const frame of incoming) await send(frame)
      })
      route.webSocket('/flood', async ({ send }) => {
        for (;;) await send('x'.repeat(1000))
      })
    })
  }).start()
})

afterAll(() => server.stop({ grace: 0 }))

function start(path: string, ...args: readonly string[]): ChildProcess {
  const url = `ws://127.0.0.1:${server.address.port}${path}`
  return spawn(process.execPath, ['--import', 'tsx', PROGRAM, 'connect', url, ...args])
}

async function endOf(child: ChildProcess): Promise<{ code: number; out: string; err: string }> {
  const texts = { out: '', err: '' }
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (texts.out += text))
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (texts.err += text))
  const [code] = (await once(child, 'close')) as [number] // its arguments
  return { code, ...texts }
}

describe('the program towpath', () => {
  it('E-01 talks to a server through its streams', async () => {
    const child = start('/echo')
    child.stdin?.end('hello\n')

    expect(await endOf(child)).toEqual({ code: 0, out: 'hello\n', err: '' })
  })

  it('E-14 ends with 130 on SIGINT, while its input is open', async () => {
    const child = start('/echo', '--verbose')
    const end = endOf(child)
    if (child.stderr !== null) await once(child.stderr, 'data')

    child.kill('SIGINT')

    expect((await end).code).toBe(130)
  })

  it('E-21 ends with 0 when the reader of its output has gone', async () => {
    const child = start('/flood')
    if (child.stdout !== null) await once(child.stdout, 'data')

    child.stdout?.destroy()
    const [code] = (await once(child, 'close')) as [number] // its arguments

    expect(code).toBe(0)
  })

  it.runIf(existsSync('/dev/full')).each([
    ['of a session', ['connect', 'URL/echo'], 'hello\n'],
    ['of the help', ['--help'], ''],
  ])('E-21 ends with 1 when the disk is full: the output %s', async (_, args, input) => {
    const full = openSync('/dev/full', 'w')
    const base = `ws://127.0.0.1:${server.address.port}`
    const command = args.map((arg) => arg.replace('URL', base))
    const child = spawn(process.execPath, ['--import', 'tsx', PROGRAM, ...command], {
      stdio: ['pipe', full, 'pipe'],
    })
    closeSync(full)
    child.stdin?.end(input)
    const { code, err } = await endOf(child)

    expect(code).toBe(1)
    expect(err).toMatch(/^towpath: Cannot write to standard output: ENOSPC.*\n$/)
  })

  it.runIf(existsSync('/dev/full'))('E-21 drops a note that cannot be written', async () => {
    const full = openSync('/dev/full', 'w')
    const url = `ws://127.0.0.1:${server.address.port}/echo`
    const args = ['--import', 'tsx', PROGRAM, 'connect', url, '--verbose']
    const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', full] })
    closeSync(full)
    child.stdin?.end('hello\n')

    expect(await endOf(child)).toMatchObject({ code: 0, out: 'hello\n' })
  })

  it('E-21 prints its help to a reader that has gone without a complaint', async () => {
    const child = spawn(process.execPath, ['--import', 'tsx', PROGRAM, '--help'])
    child.stdout.destroy()

    expect(await endOf(child)).toEqual({ code: 0, out: '', err: '' })
  })

  it('E-21 ends with 1 and one sentence for arguments that it cannot read', async () => {
    const { code, err } = await endOf(start('/echo', '--nonsense'))

    expect(code).toBe(1)
    expect(err.match(/\n/g)).toHaveLength(1)
  })
})
