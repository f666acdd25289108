import { existsSync, mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { CloseReason, Frame, openWebSocket } from '../../../src/node-client.ts'
import { CommandLine, type RunningCommand } from '../../support/command-line.ts'

async function listening(
  ...args: readonly string[]
): Promise<{ readonly command: RunningCommand; readonly url: string; readonly line: CommandLine }> {
  const line = new CommandLine()
  const command = line.start(['listen', '0', ...args])
  const [, url = ''] = await command.until(/listening on (\S+)\n/)
  return { command, url, line }
}

describe('towpath listen', () => {
  it('E-25 echoes and prints messages of every connection, and ends with 130', async () => {
    const { command, url } = await listening('--protocol', 'v1')
    const session = await openWebSocket(`${url}some/path`, { protocols: ['v1'] })
    await session.send('\u001b')
    const echo = await session.incoming.receive()
    await session.send(Uint8Array.of(1, 2))
    await session.incoming.receive()
    await session.close(new CloseReason(4000, 'done'))
    await command.until(/#1 closed by the client: 4000 "done"\n/)

    await command.interrupt()

    expect(await command.exitCode).toBe(130)
    expect(echo instanceof Frame.Text && echo.readText()).toBe('\u001b')
    expect(command.out).toBe('#1 \\x1b\n#1 [binary, 2 bytes] 01 02\n')
    expect(command.err).toContain('* #1 connected from 127.0.0.1: /some/path (protocol v1)\n')
  })

  it('E-25 accepts pages of every origin', async () => {
    const { command, url } = await listening()
    const session = await openWebSocket(url, { origin: 'https://elsewhere.example' })
    await session.close()
    await command.interrupt()

    expect(await command.exitCode).toBe(130)
  })

  it('E-26 records messages as lines of JSON, greets, and sends no echo with --silent', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'towpath-')), 'record')
    const { command, url } = await listening('--once', '--record', file, '--silent', '--send', 'hi')
    const session = await openWebSocket(url)
    const greeting = await session.incoming.receive()
    await session.send('one')
    await session.send(Uint8Array.of(255))
    await session.close()
    await session.closed

    expect(await command.exitCode).toBe(0)
    expect(greeting instanceof Frame.Text && greeting.readText()).toBe('hi')
    expect(session.incoming.tryReceive().type).not.toBe('value')
    const lines = readFileSync(file, 'utf8').trim().split('\n')
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      { connection: 1, at: 0, text: 'one' },
      { connection: 1, at: 0, base64: '/w==' },
    ])
  })

  it.runIf(existsSync('/dev/full'))(
    'E-26 ends with 1 when the record takes no more, and tells the client 1001',
    async () => {
      const { command, url } = await listening('--record', '/dev/full')
      const session = await openWebSocket(url)
      await session.send('one')
      const { reason } = await session.closed

      expect(reason.code).toBe(1001)
      expect(await command.exitCode).toBe(1)
      expect(command.err).toContain('towpath: Cannot record to "/dev/full": ENOSPC')
    },
  )

  it('E-27 with --once ends as its connection ends: 0 for 1000, 4 for another end', async () => {
    const normal = await listening('--once')
    const lost = await listening('--once')
    const first = await openWebSocket(normal.url)
    const second = await openWebSocket(lost.url)
    await first.close()
    second.terminate()

    expect(await normal.command.exitCode).toBe(0)
    expect(await lost.command.exitCode).toBe(4)
    expect(lost.command.err).toContain('lost: 1006')
  })

  it('E-27 ends with 0 when what is expected has come, and with 5 when it has not', async () => {
    const met = await listening('--expect', '{"a":1}')
    const unmet = await listening('--once', '--count', '2')
    const first = await openWebSocket(met.url)
    const second = await openWebSocket(unmet.url)
    await first.send('{"a":1}')
    await second.send('only one')
    await second.close()

    expect(await met.command.exitCode).toBe(0)
    expect(await unmet.command.exitCode).toBe(5)
    expect(unmet.command.err).toContain('1 came, expected 2')
  })

  it('E-27 ends with 124 after --timeout', async () => {
    const { command, line } = await listening('--timeout', '5000')

    await line.clock.advance(5000)

    expect(await command.exitCode).toBe(124)
  })

  it('E-27 ends with 2 when it cannot listen', async () => {
    const { command, url } = await listening()
    const port = new URL(url).port

    const { exitCode, err } = await new CommandLine().run(['listen', port])
    await command.interrupt()

    expect(exitCode).toBe(2)
    expect(err).toContain('(step: listen)')
  })

  it.each([
    [['70000'], 'the port is invalid'],
    [['x'], 'the port is invalid'],
    [['--cert', 'a'], 'expected both'],
    [['--record', '/no/such/folder/file'], 'Cannot record to'],
    [['--send', '/stats'], 'Cannot use --send'],
    [['--json', '--null'], '--json with --null'],
  ])('E-27 listen %j ends with 1', async (args, text) => {
    const { exitCode, err } = await new CommandLine().run(['listen', ...args])

    expect(exitCode).toBe(1)
    expect(err).toContain(text)
  })
})
