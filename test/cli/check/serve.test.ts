import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Frame, openWebSocket } from '../../../src/node-client.ts'
import { certificate } from '../../support/certificate.ts'
import { CommandLine, type RunningCommand } from '../../support/command-line.ts'

/** Echoes until the server closes, as a client under check does. */
async function echo(url: string): Promise<void> {
  try {
    await using session = await openWebSocket(url)
    for await (const frame of session.incoming) await session.send(frame)
  } catch {
    // The server broke a rule, which is what most cases are about.
  }
}

interface Serving {
  readonly line: CommandLine
  readonly command: RunningCommand
  readonly url: string
  readonly count: number
}

async function serving(...args: readonly string[]): Promise<Serving> {
  const line = new CommandLine()
  const command = line.start(['check', '--serve', '0', ...args])
  const [, url = '', count] = await command.until(/listening on (\S+) with (\d+) cases\n/)
  return { line, command, url, count: Number(count) }
}

const CORRECT = ['--filter', 'client-handshake: a correct response']

describe('towpath check --serve', () => {
  it('E-49 runs one case with each connection, and ends with 0 after the last', async () => {
    const { command, url, count } = await serving('--filter', 'client-handshake: ')
    for (let index = 0; index < count; index++) await echo(`${url}any/path`)

    expect(await command.exitCode).toBe(0)
    const [, pass, strict, fail] = /^total +(\d+) +(\d+) +(\d+)/m.exec(command.out) ?? []
    expect([pass, strict, fail].map(Number)).toEqual([count - 8, 0, 0])
  })

  it('E-49 follows the convention of the public suite', async () => {
    const { command, url } = await serving('--filter', 'pings: a ping')
    const counting = await openWebSocket(`${url}getCaseCount`)
    const first = await counting.incoming.receive()
    const count = Number(first instanceof Frame.Text ? first.readText() : 0)
    await counting.closed
    for (let index = count; index >= 1; index--) await echo(`${url}runCase?case=${index}&agent=x`)
    await echo(`${url}runCase?case=${count + 1}`)
    await echo(`${url}updateReports?agent=x`)

    expect(count).toBeGreaterThan(5)
    expect(await command.exitCode).toBe(0)
    expect(command.out).toMatch(new RegExp(`^pings +${count} +0 +0 +0$`, 'm'))
  })

  it('E-50 a client that accepts what it must refuse fails, and the command ends with 5', async () => {
    const { command, url } = await serving('--filter', 'the status 404')
    const { port } = new URL(url)
    const socket = connect(Number(port), '127.0.0.1')
    socket.write(
      'GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n',
    )
    await once(socket, 'data')
    // "Hello" and a Close, masked with zeros, whatever the response says.
    socket.end(Buffer.from('81850000000048656c6c6f88820000000003e8', 'hex'))

    expect(await command.exitCode).toBe(5)
    expect(command.out).toMatch(/^fail .*the status 404 Not Found does not open: it opened/m)
  })

  it.each([
    ['GET / HTTP/1.0', 'Host: x', 'GET with HTTP/1.1'],
    ['GET / HTTP/1.1', 'X: y', 'Host'],
    ['GET / HTTP/1.1', 'Host: x\r\nSec-WebSocket-Key: eA==', 'Upgrade'],
  ])('E-50 finds a request that is invalid: %j, %j', async (first, header, why) => {
    const { command, url } = await serving(...CORRECT)
    const { port } = new URL(url)
    const socket = connect(Number(port), '127.0.0.1')
    socket.end(`${first}\r\n${header}\r\n\r\n`)

    expect(await command.exitCode).toBe(5)
    expect(command.out).toContain(why)
    socket.destroy()
  })

  it('E-50 a client that stays silent costs the time of a case', async () => {
    const { command, line, url } = await serving(...CORRECT)
    const { port } = new URL(url)
    const socket = connect(Number(port), '127.0.0.1')
    socket.on('error', () => {})
    socket.write(
      'GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n',
    )
    // The response and the first message: from here on the server waits.
    let received = 0
    while (received < 129 + 7) {
      const [bytes] = (await once(socket, 'data')) as [Buffer] // its arguments
      received += bytes.length
    }
    await line.clock.advance(5000)

    expect(await command.exitCode).toBe(5)
    expect(command.out).toMatch(/^fail .*a correct response/m)
    socket.destroy()
  })

  it.each([
    ['a response without Upgrade is refused', 5, /^fail .*: it did not close the connection/m],
    ['a list of extensions that is invalid', 5, /^fail .*: it did not close the connection/m],
    ['the status 404', 0, /^total +1 +0 +0 +0$/m],
  ])('E-50 a client that keeps the connection after %s: %i', async (name, exitCode, text) => {
    const { command, line, url } = await serving('--filter', name)
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
    socket.write(
      'GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n',
    )
    await once(socket, 'data')
    await line.clock.advance(5000)

    expect(await command.exitCode).toBe(exitCode)
    expect(command.out).toMatch(text)
    socket.destroy()
  })

  it('E-51 ends with 130 when it is interrupted, and prints what has run', async () => {
    const { command, url } = await serving('--filter', 'pings: ')
    for (let index = 0; index < 3; index++) await echo(url)
    await command.interrupt()

    expect(await command.exitCode).toBe(130)
    expect(command.out).toMatch(/^total +[1-3] +0 +0 +0$/m)
  })

  it('E-51 ends at once with a connection that has not begun TLS', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'towpath-check-'))
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
    writeFileSync(key, certificate.key)
    writeFileSync(cert, certificate.cert)
    const { command, url } = await serving('--key', key, '--cert', cert)
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
    await once(socket, 'connect')

    await command.interrupt()

    expect(await command.exitCode).toBe(130)
    rmSync(folder, { recursive: true })
  })

  it('E-51 ends with 124 after --timeout', async () => {
    const { command, line } = await serving('--timeout', '1000')
    await line.clock.advance(1000)

    expect(await command.exitCode).toBe(124)
  })

  it('E-51 ends with 2 if it cannot listen, and with 1 for options that do not fit', async () => {
    const { command, url } = await serving()
    const taken = await new CommandLine().run(['check', '--serve', new URL(url).port])
    await command.interrupt()
    const header = await new CommandLine().run(['check', '--serve', '0', '-H', 'A: b'])
    const host = await new CommandLine().run(['check', 'localhost', '--host', '::1'])
    const none = await new CommandLine().run(['check'])

    expect(taken.exitCode).toBe(2)
    expect(taken.err).toContain('(step: listen)')
    expect([header, host, none].map(({ exitCode }) => exitCode)).toEqual([1, 1, 1])
    expect(header.err).toBe('towpath: Cannot use --header with --serve\n')
    expect(none.err).toContain('expected one, or --serve')
  })
})
