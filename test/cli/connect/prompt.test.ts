import { mkdtempSync, readFileSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type Application, WebSockets } from '../../../src/index.ts'
import { CommandLine } from '../../support/command-line.ts'

function server(app: Application): void {
  app.install(WebSockets)
  app.routing((route) => {
    route.webSocket('/', async ({ incoming }) => {
      for await (const _frame of incoming);
    })
  })
}

describe('the history of the prompt', () => {
  it('E-20 is kept in a file that only its owner may read, and is there the next time', async () => {
    const history = join(mkdtempSync(join(tmpdir(), 'towpath-')), 'history')
    const running = new CommandLine(server)
    for (const lines of [['first', 'second'], ['third']]) {
      const args = ['connect', 'localhost/', '--history', history]
      const command = running.start(args, { isTTY: true })
      await running.settle()
      for (const line of lines) await command.type(`${line}\r`)
      await command.type('\u0004')
      await command.exitCode
    }

    expect(readFileSync(history, 'utf8')).toBe('first\nsecond\nthird\n')
    expect(statSync(history).mode & 0o777).toBe(0o600)
  })

  it('E-20 brings the last line back with the arrow key', async () => {
    const running = new CommandLine(server)
    const args = ['connect', 'localhost/', '--history', '']
    const command = running.start(args, { isTTY: true })
    await running.settle()

    await command.type('/ping twice\r')
    await command.type('\u001b[A\r')
    await running.settle()
    await command.type('\u0004')
    await command.exitCode

    expect(command.out.match(/\* pong received "twice"/g)).toHaveLength(2)
  })
})

describe('the prompt', () => {
  it('E-18 sends a line that was typed before there was a connection', async () => {
    const running = new CommandLine(server)
    const args = ['connect', 'localhost/', '--history', '']
    const command = running.start(args, { isTTY: true })

    await command.type('/ping early\r')
    await running.settle()
    await command.type('\u0004')
    await command.exitCode

    expect(command.out).toContain('* pong received "early"')
  })
})
