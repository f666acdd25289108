import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { CommandLine } from '../support/command-line.ts'

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
})
