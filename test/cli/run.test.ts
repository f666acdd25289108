import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { type Application, WebSockets } from '../../src/index.ts'
import { CommandLine } from '../support/command-line.ts'

function echoes(app: Application): void {
  app.install(WebSockets)
  app.routing((route) => {
    route.webSocket('/', async ({ incoming, send }) => {
      for await (const frame of incoming) await send(frame)
    })
  })
}

describe('run()', () => {
  it.each([[[]], [['--help']], [['-h']], [['help']]])(
    'prints the commands for %j',
    async (args) => {
      const { exitCode, out } = await new CommandLine().run(args)

      expect(exitCode).toBe(0)
      expect(out).toContain('connect URL')
      expect(out).toContain('130 interrupted')
    },
  )

  it('prints the version of the package', async () => {
    const { exitCode, out } = await new CommandLine().run(['--version'])

    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }
    expect({ exitCode, out }).toEqual({ exitCode: 0, out: `${version}\n` })
  })

  it('prints the help of a command', async () => {
    const { exitCode, out } = await new CommandLine().run(['connect', '--help'])

    expect(exitCode).toBe(0)
    expect(out).toContain('--reconnect')
  })

  it('refuses an unknown command with exit code 1 and one sentence, escaped', async () => {
    const { exitCode, out, err } = await new CommandLine().run(['no\u0007'])

    expect({ exitCode, out }).toEqual({ exitCode: 1, out: '' })
    expect(err).toMatch(/^towpath: Cannot run "no\\x07": unknown command, expected connect.*\n$/)
  })

  it.each([
    ['--help'],
    ['--version'],
    ['bench', '--help'],
    ['check', '--list', '--filter', 'pings'],
    ['connect', 'localhost', '--send', 'hello'],
    ['probe', 'localhost', '--pings', '0'],
    ['probe', 'localhost', '--pings', '0', '--json'],
    ['bench', 'localhost', '--duration', '0.1', '--connections', '1', '--json'],
  ])('E-21 ends with 1 when the disk is full: %s %s %s', async (...args) => {
    const line = new CommandLine(echoes)
    const outputError = Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC' })
    const full = await line.run(args, { ms: 10_000, outputError })
    const gone = Object.assign(new Error('write EPIPE'), { code: 'EPIPE' })
    const { exitCode, err } = await line.run(args, { ms: 10_000, outputError: gone })

    expect(full.exitCode).toBe(1)
    expect(full.err).toBe('towpath: Cannot write to standard output: ENOSPC: no space left\n')
    expect({ exitCode, err }).toEqual({ exitCode: 0, err: '' })
  })

  it.each([
    ['connect', ['--verbose']],
    ['probe', ['--pings', '1']],
    ['probe', ['--json']],
    ['bench', ['--duration', '0.1', '--connections', '1', '--json']],
  ])('%s %j does not print the query of the URL, which often has a token', async (name, more) => {
    const line = new CommandLine(echoes)
    for (const path of ['/', '/none']) {
      const url = `ws://name:secret@localhost${path}?token=secret#secret`

      const { out, err } = await line.run([name, url, ...more], { ms: 10_000 })

      expect(`${out}${err}`).not.toBe('')
      expect(`${out}${err}`).not.toContain('secret')
    }
  })

  it('check does not print the query of the URL', async () => {
    const url = 'ws://127.0.0.1:1/?token=secret'

    const { err } = await new CommandLine().run(['check', url])

    expect(err).toContain('(step: connect)')
    expect(err).not.toContain('secret')
  })
})
