import { describe, expect, it } from 'vitest'
import { type Application, WebSockets } from '../../../src/index.ts'
import { CloseReason } from '../../../src/protocol/index.ts'
import { CommandLine } from '../../support/command-line.ts'

const ECHO = 'ws://localhost/echo'

function server(app: Application): void {
  app.install(WebSockets)
  app.routing((route) => {
    route.webSocket('/echo', { protocols: ['a', 'b'] }, async ({ incoming, send }) => {
      for await (const frame of incoming) await send(frame)
    })
    route.webSocket('/count', async ({ incoming, send }) => {
      for (let index = 0; index < 5; index++) await send(`{"index":${index}}`)
      await incoming.receiveCatching()
    })
    route.webSocket('/close/:code', async ({ call, close }) => {
      await close(new CloseReason(Number(call.parameters.code), 'so\u0007'))
    })
    route.webSocket('/raw', async ({ incoming, send }) => {
      await send('\u001b]0;title\u0007')
      for await (const _frame of incoming);
    })
    route.webSocket('/silent', async ({ incoming }) => {
      for await (const _frame of incoming);
    })
    route.webSocket('/drop', ({ terminate }) => terminate())
    route.webSocket('/headers', async ({ call, send }) => {
      const { headers } = call.request
      await send(`${headers.get('x-test')} ${headers.get('origin')} ${headers.get('user')}`)
    })
  })
}

const command = (): CommandLine => new CommandLine(server)

describe('towpath connect, in a pipe', () => {
  it('E-01 sends a line a message, prints a message a line, and ends with 0', async () => {
    const result = await command().run(['connect', ECHO], { input: 'one\r\ntwo\n\nlast' })

    expect(result).toEqual({ exitCode: 0, out: 'one\ntwo\n\nlast\n', err: '' })
  })

  it('E-01 takes a URL without a scheme', async () => {
    const { exitCode, out } = await command().run(['connect', 'localhost/echo'], { input: 'x\n' })

    expect({ exitCode, out }).toEqual({ exitCode: 0, out: 'x\n' })
  })

  it('E-02 escapes control characters in messages, reasons and headers', async () => {
    const echoed = await command().run(['connect', ECHO], { input: '\u001b[2J\u202e\n' })
    const closed = command().start(['connect', 'localhost/close/4001'])
    await closed.exitCode

    expect(echoed.out).toBe('\\x1b[2J\\u{202e}\n')
    expect(closed.err).toBe('towpath: Connection closed by the server: 4001 "so\\x07"\n')
  })

  it('E-03 with --null passes every byte, separated by NUL', async () => {
    const { out } = await command().run(['connect', ECHO, '--null'], { input: 'a\nb\0\u001b\0c' })

    expect(out).toBe('a\nb\0\u001b\0c\0')
  })

  it('E-03 with --base64 sends and prints bytes', async () => {
    const { out } = await command().run(['connect', ECHO, '--base64'], { input: 'AP8=\n' })

    expect(out).toBe('AP8=\n')
  })

  it('E-03 with --binary sends lines as bytes, and prints bytes as hex', async () => {
    const { out } = await command().run(['connect', ECHO, '--binary'], { input: 'ab\n' })

    expect(out).toBe('[binary, 2 bytes] 61 62\n')
  })

  it('E-04 lays JSON out with --json', async () => {
    const args = ['connect', ECHO, '--json']
    const { out } = await command().run(args, { input: '{"a":[1]}\nno json\n' })

    expect(out).toBe('{\n  "a": [\n    1\n  ]\n}\nno json\n')
  })

  it('E-05 runs the lines of --send first, and then stays for the input', async () => {
    const args = ['connect', ECHO, '--send', '/binary 01ff', '--send', '//slash']
    const { out } = await command().run(args, { input: 'then\n' })

    expect(out).toBe('[binary, 2 bytes] 01 ff\n/slash\nthen\n')
  })

  it('E-06 with --count ends with 0 after that many messages, and prints no more', async () => {
    const { exitCode, out } = await command().run(['connect', 'localhost/count', '--count', '2'])

    expect({ exitCode, out }).toEqual({ exitCode: 0, out: '{"index":0}\n{"index":1}\n' })
  })

  it('E-06 with --expect ends with 0 when the messages have come in order', async () => {
    const expected = ['--expect', '{"index":1}', '--expect', '{"index":3}']
    const { exitCode, out } = await command().run(['connect', 'localhost/count', ...expected])

    expect(exitCode).toBe(0)
    expect(out.split('\n')).toHaveLength(5)
  })

  it('E-07 ends with 5 when an expected message has not come after --wait', async () => {
    const args = ['connect', 'localhost/silent', '--expect', '{"a":1}', '--wait', '500']
    const { exitCode, err } = await command().run(args, { ms: 500 })

    expect(exitCode).toBe(5)
    expect(err).toBe(
      'towpath: Cannot find an expected message: 0 messages came, none of the last matches "{"a":1}"\n',
    )
  })

  it('E-07 ends with 5 when fewer messages came than --count', async () => {
    const args = ['connect', 'localhost/count', '--count', '9', '--wait', '1']
    const { exitCode, err } = await command().run(args, { ms: 1 })

    expect(exitCode).toBe(5)
    expect(err).toContain('5 came, expected 9')
  })

  it('E-08 waits for messages after the end of the input with --wait', async () => {
    const running = command()
    const started = running.start(['connect', 'localhost/silent', '--wait', '2000'])
    await started.endInput()
    let isOver = false
    void started.exitCode.then(() => (isOver = true))

    await running.clock.advance(1999)
    expect(isOver).toBe(false)
    await running.clock.advance(1)

    expect(await started.exitCode).toBe(0)
  })

  it.each([
    [['connect', ECHO, '--wait', 'x'], '--wait'],
    [['connect', ECHO, '--expect', '{'], '--expect'],
    [['connect', ECHO, '--null', '--base64'], '--null with --base64'],
    [['connect', ECHO, '--header', 'none'], '--header'],
    [['connect', ECHO, '--header', 'Upgrade: x'], 'Upgrade'],
    [['connect', ECHO, '--proxy', 'socks://a'], '--proxy'],
    [['connect', ECHO, '--ca', '/no/such\u0007file'], String.raw`such\x07file`],
    [['connect', ECHO, '--send', '/no'], 'unknown command'],
    [['connect', 'ws://['], 'not a URL'],
    [['connect', 'ftp://localhost'], 'Cannot open WebSocket'],
    [['connect', ECHO, '--subscribe', 'a', '--protocol', 'b'], '--protocol with --subscribe'],
    [['connect', ECHO, '--subscribe', 'a', '--send', 'text'], '--send with --subscribe'],
    [['connect', ECHO, '--subscribe', 'a', '--send', '/ping'], '--send with --subscribe'],
    [['connect', ECHO, '--send', '/publish a 1'], 'expected --subscribe'],
    [['connect', ECHO, '--subscribe', '@/dev/null'], '"/dev/null" has no topic'],
  ])('E-09 refuses %j with 1, one sentence, and without a connection', async (args, what) => {
    const running = command()
    running.network.refuse()

    const { exitCode, err, out } = await running.run(args)

    expect({ exitCode, out }).toEqual({ exitCode: 1, out: '' })
    expect(err).toContain(what)
    expect(err.match(/\n/g)).toHaveLength(1)
  })

  it.each([
    [['--base64'], 'n-t base64\n', 'message 1 of the input: it is not base64'],
    [[], Uint8Array.of(0x61, 0x0a, 0xff, 0x0a), 'message 2 of the input: it is not UTF-8'],
    [['--max-message', '3'], 'abcd\n', 'longer than --max-message 3'],
  ])('E-09 refuses input with %j that is invalid with 1', async (args, input, what) => {
    const { exitCode, err } = await command().run(['connect', ECHO, ...args], { input })

    expect(exitCode).toBe(1)
    expect(err).toContain(what)
  })

  it('E-10 ends with 2 and the step when there is no connection', async () => {
    const running = command()
    running.network.refuse()

    const { exitCode, err } = await running.run(['connect', ECHO])

    expect(exitCode).toBe(2)
    expect(err).toContain('(step: connect)')
  })

  it('E-10 ends with 2 after --connect-timeout', async () => {
    const running = command()
    running.network.halfOpen()

    const { exitCode, err } = await running.run(['connect', ECHO, '--connect-timeout', '200'], {
      ms: 200,
    })

    expect(exitCode).toBe(2)
    expect(err).toContain('within 200 ms')
  })

  it('E-11 ends with 3 and the status when the server refuses', async () => {
    const { exitCode, err } = await command().run(['connect', 'localhost/none'])

    expect(exitCode).toBe(3)
    expect(err).toContain('status 404')
  })

  it.each([
    ['1001', 'closed by the server: 1001 GOING_AWAY'],
    ['4001', 'closed by the server: 4001'],
  ])('E-12 ends with 4 and the code when the server closes with %s', async (code, text) => {
    const running = command()
    const started = running.start(['connect', `localhost/close/${code}`])

    expect(await started.exitCode).toBe(4)
    expect(started.err).toContain(text)
  })

  it('E-12 ends with 4 when the connection is lost', async () => {
    const running = command()
    const started = running.start(['connect', 'localhost/drop'])

    expect(await started.exitCode).toBe(4)
    expect(started.err).toContain('lost: 1006')
  })

  it('E-12 ends with 0 when the server closes with 1000', async () => {
    const running = command()

    expect(await running.start(['connect', 'localhost/close/1000']).exitCode).toBe(0)
  })

  it('E-13 ends with 124 after --timeout, whatever it waits for', async () => {
    const running = command()
    const connected = running.start(['connect', 'localhost/silent', '--timeout', '700'])
    const again = running.start(['connect', 'localhost/silent', '--reconnect', '--timeout', '700'])
    await running.clock.advance(700)
    running.network.halfOpen()
    const connecting = running.start(['connect', ECHO, '--timeout', '700'])
    await running.clock.advance(700)

    expect(await connected.exitCode).toBe(124)
    expect(connected.err).toContain('700 ms of --timeout')
    expect(await again.exitCode).toBe(124)
    expect(await connecting.exitCode).toBe(124)
  })

  it('E-14 ends with 130 when it is interrupted, and tells the server', async () => {
    const running = command()
    const closes: number[] = []
    running.application.monitor.on('sessionClosed', ({ info }) => closes.push(info.reason.code))
    const started = running.start(['connect', 'localhost/silent'])
    await running.settle()

    await started.interrupt()

    expect(await started.exitCode).toBe(130)
    expect(started.err).toBe('')
    expect(closes).toEqual([1001])
  })

  it('E-09 ends with 1 when its input cannot be read, or its output cannot be written', async () => {
    const running = command()
    const reading = running.start(['connect', 'localhost/silent'])
    const writing = running.start(['connect', 'localhost/silent'])
    await running.settle()

    reading.failInput(new Error('EIO: read'))
    writing.failOutput(Object.assign(new Error('ENOSPC: \u001b'), { code: 'ENOSPC' }))

    expect(await reading.exitCode).toBe(1)
    expect(reading.err).toBe('towpath: Cannot read standard input: EIO: read\n')
    expect(await writing.exitCode).toBe(1)
    expect(writing.err).toBe('towpath: Cannot write to standard output: ENOSPC: \\x1b\n')
  })

  it('E-15 sends headers, the origin and subprotocols, and shows what was agreed', async () => {
    const sent = ['-H', 'X-Test: yes', '-H', 'User: me:you', '--origin', 'http://localhost']
    const headers = await command().run(['connect', 'localhost/headers', ...sent])
    const args = ['connect', ECHO, '-s', 'x', '-s', 'b', '--verbose']
    const protocols = await command().run(args)

    expect(headers.out).toBe('yes http://localhost me:you\n')
    expect(protocols.err).toContain('* connected to ws://localhost/echo (protocol b)\n')
  })

  it('E-16 shows pings with their times, and Close frames, with --verbose', async () => {
    const running = command()
    running.network.delay(20)
    const args = ['connect', ECHO, '-v', '--send', '/ping hi', '--wait', '100']
    const { err } = await running.run(args, { ms: 1000 })

    expect(err).toContain('* ping sent "hi"\n')
    expect(err).toContain('* pong received "hi" after 40.0 ms\n')
    expect(err).toContain('* Close sent: 1000\n* Close received: 1000\n')
  })

  it('E-17 connects again with --reconnect, and ends with 0 when it is closed', async () => {
    const running = command()
    const started = running.start(['connect', ECHO, '--reconnect', '-v', '--count', '2'])
    await running.settle()
    await started.type('one\n')
    await running.settle()

    running.network.reset()
    await running.clock.advance(2000)
    await started.type('two\n')
    await running.settle()

    expect(await started.exitCode).toBe(0)
    expect(started.out).toBe('one\ntwo\n')
    expect(started.err).toMatch(/\* lost: 1006.*; attempt 2 in \d\.\d s\n/)
  })

  it('E-17 does not come back from a close that is final, and ends with 4', async () => {
    const running = command()
    const started = running.start(['connect', 'localhost/close/4401', '--reconnect'])
    await running.settle()

    expect(await started.exitCode).toBe(4)
    expect(started.err).toContain('4401')
  })
})

describe('towpath connect, on a terminal', () => {
  it('E-18 shows messages above the line that is typed, and runs commands', async () => {
    const running = command()
    const started = running.start(['connect', ECHO], { isTTY: true })
    await running.settle()

    await started.type('hello\r')
    await running.settle()
    await started.type('/fragment 2 abcde\r')
    await started.type('/nonsense\r')
    await started.type('/help\r')
    await started.type('/stats\r')
    await running.settle()
    await started.type('/close 4000 done\r')

    expect(await started.exitCode).toBe(0)
    expect(started.out).toContain('* connected to ws://localhost/echo')
    expect(started.out).toContain('< hello\n')
    expect(started.out).toContain('< abcde\n')
    expect(started.out).toContain('* Cannot run "/nonsense": unknown command')
    expect(started.out).toContain('* /ping [TEXT]')
    expect(started.out).toContain('* sent 2 messages (4 frames, 10 bytes)')
    expect(started.out).toContain('closed by this side: 4000 "done"')
  })

  it('E-16 measures the time of a ping from when it was sent', async () => {
    const running = command()
    const started = running.start(['connect', ECHO, '-v'], { isTTY: true })
    await running.settle()
    await running.clock.advance(500)
    running.network.delay(20)
    await started.type('/ping hi\r')
    await running.clock.advance(100)

    expect(started.out).toContain('* pong received "hi" after 40.0 ms\n')
    await started.interrupt()
  })

  it('E-18 closes with 1000 at Ctrl-D, and ends with 130 at Ctrl-C', async () => {
    const running = command()
    const left = running.start(['connect', ECHO], { isTTY: true })
    const interrupted = running.start(['connect', ECHO], { isTTY: true })
    await running.settle()

    await left.type('\u0004')
    await interrupted.type('\u0003')

    expect(await left.exitCode).toBe(0)
    expect(await interrupted.exitCode).toBe(130)
  })

  it('E-02 never passes raw bytes to a terminal, with --null either', async () => {
    const running = command()
    const started = running.start(['connect', ECHO, '--null'], { isTTY: true })
    await running.settle()

    await started.type('/binary 1b5d00\r')
    await running.settle()
    await started.type('\u0004')
    await started.exitCode

    expect(started.out).toContain('< [binary, 3 bytes] 1b 5d 00\n')
  })

  it('E-02 never passes the control characters of a text to a terminal, with --null either', async () => {
    const running = command()
    const started = running.start(['connect', 'localhost/raw', '--null'], { isTTY: true })
    await running.settle()
    await started.type('\u0004')
    await started.exitCode

    expect(started.out).toContain('< \\x1b]0;title\\x07\n')
    expect(started.out).not.toContain('\u001b]')
  })

  it('E-18 erases the line that is typed before a message, and writes it again below', async () => {
    const running = command()
    const started = running.start(['connect', ECHO], { isTTY: true })
    await running.settle()
    running.network.delay(20)
    await started.type('hello\r')
    await started.type('half')
    const before = started.out.length
    await running.clock.advance(100)
    const shown = started.out.slice(before)
    // Ctrl-D leaves only if the line is empty.
    await started.type('\u0015\u0004')
    await running.clock.advance(100)

    expect(await started.exitCode).toBe(0)
    expect(shown.startsWith('\u001b[1G\u001b[2K< hello\n')).toBe(true)
    expect(shown.split('< hello\n')[1]).toContain('> half')
  })
})
