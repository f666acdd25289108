import { describe, expect, it } from 'vitest'
import { type Application, permessageDeflate, WebSockets } from '../../../src/index.ts'
import { CloseReason } from '../../../src/protocol/index.ts'
import { AnswerReader } from '../../../src/cli/check/wire/answer-reader.ts'
import { createPlatform } from '../../../src/engines/node/internal.ts'
import { CommandLine } from '../../support/command-line.ts'
import { rawServer, switchingHead } from '../../support/raw-server.ts'

function server(app: Application): void {
  app.install(WebSockets, { extensions: [permessageDeflate()], maxMessageSize: 3000 })
  app.routing((route) => {
    route.webSocket('/', { protocols: ['v1'] }, async ({ incoming }) => {
      for await (const _frame of incoming);
    })
    route.webSocket('/close', ({ close }) => close(new CloseReason(4001)))
    route.webSocket('/idle', async ({ close, delay }) => {
      await delay({ seconds: 60 })
      await close(new CloseReason(4008, 'idle'))
    })
    route.webSocketRaw('/deaf', async ({ incoming }) => {
      for await (const _frame of incoming);
    })
  })
}

const command = (): CommandLine => new CommandLine(server)

describe('towpath probe', () => {
  it('E-22 prints the time of each step, the answer, pings and the close', async () => {
    const running = command()
    running.network.delay(10)
    const args = ['probe', 'localhost/', '-s', 'v1', '--pings', '2']

    const { exitCode, out, err } = await running.run(args, { ms: 500 })

    expect({ exitCode, err }).toEqual({ exitCode: 0, err: '' })
    expect(out.split('\n')).toEqual([
      'resolve     0.0 ms',
      'connect     0.0 ms',
      'handshake   0.0 ms',
      'status      101',
      'protocol    v1',
      expect.stringMatching(/^extensions {2}permessage-deflate/),
      'ping        mean 20.0 ms, min 20.0 ms, max 20.0 ms',
      'close       1000, 20.0 ms',
      '',
    ])
  })

  it('E-22 prints one object with --json', async () => {
    const { exitCode, out } = await command().run(['probe', 'localhost/', '--json'])

    expect(exitCode).toBe(0)
    expect(JSON.parse(out)).toMatchObject({
      status: 101,
      protocol: null,
      pings: [0, 0, 0],
      close: { code: 1000, clean: true },
      idle: null,
    })
  })

  it('E-22 reads no message of 2 GiB: it closes with 1009 at the header of the frame', async () => {
    const received: Buffer[] = []
    await using raw = await rawServer(({ socket, head }) => {
      socket.write(switchingHead(head))
      socket.write(Buffer.from('827f0000000080000000', 'hex'))
      socket.on('data', (bytes: Buffer) => received.push(bytes))
      socket.on('end', () => socket.end())
    })
    const line = new CommandLine(undefined, createPlatform())
    const { exitCode } = await line.run(['probe', `ws://127.0.0.1:${raw.port}/`, '--pings', '1'])

    expect(exitCode).not.toBe(0)
    const reader = new AnswerReader(true, Infinity)
    reader.read(Buffer.concat(received))
    const close = reader.frames.find(({ first }) => first === 0x88)
    expect(Buffer.from(close?.payload ?? []).readUInt16BE(0)).toBe(1009)
  })

  it('E-23 finds the largest message that the server accepts', async () => {
    const limited = await command().run(['probe', 'localhost/', '--largest', '100000'])
    const all = await command().run(['probe', 'localhost/', '--largest', '1500'])

    expect(limited.exitCode).toBe(0)
    expect(limited.out).toContain('largest     2048 bytes; 4096 bytes: closed with 1009\n')
    expect(all.out).toContain('largest     1500 bytes or more\n')
  })

  it('E-24 finds an idle timeout, names the pingPeriod to set, and ends with 5', async () => {
    const args = ['probe', 'localhost/idle', '--idle', '300', '--pings', '0']
    const running = command()
    const started = running.start(args)
    await running.clock.advance(400_000)

    expect(await started.exitCode).toBe(5)
    expect(started.out).toContain(
      'idle        closed after 60.0 s with 4008: set pingPeriod to 24 s or less\n',
    )
  })

  it('E-24 says that a silent connection is still alive, and ends with 0', async () => {
    const running = command()
    const started = running.start(['probe', 'localhost/', '--idle', '300'])
    await running.clock.advance(300_000)

    expect(await started.exitCode).toBe(0)
    expect(started.out).toContain('idle        alive after 300.0 s of silence\n')
  })

  it('E-24 notices a connection that was dropped silently', async () => {
    const running = command()
    const started = running.start(['probe', 'localhost/', '--idle', '100'])
    await running.clock.advance(1000)
    running.network.halfOpen()
    await running.clock.advance(120_000)

    expect(await started.exitCode).toBe(5)
    expect(started.out).toContain(
      'idle        dead after 100.0 s: set pingPeriod to 40 s or less\n',
    )
  })

  it.each([
    [['localhost/', '--pings', 'x'], 1, '--pings'],
    [['localhost/none'], 3, 'status 404'],
    [['localhost/close'], 4, '4001'],
  ])('E-22 probe %j ends with %i', async (args, exitCode, text) => {
    const result = await command().run(['probe', ...args])

    expect(result.exitCode).toBe(exitCode)
    expect(result.err).toContain(text)
  })

  it('E-22 ends with 2 without a connection', async () => {
    const running = command()
    running.network.refuse()

    const { exitCode, err } = await running.run(['probe', 'localhost/'])

    expect(exitCode).toBe(2)
    expect(err).toContain('(step: connect)')
  })

  it('E-22 ends with 5 when a ping has no pong', async () => {
    const running = command()
    const started = running.start(['probe', 'localhost/deaf', '--pings', '1'])
    await running.clock.advance(20_000)

    expect(await started.exitCode).toBe(5)
    expect(started.out).toContain('ping        no pong for 1\n')
  })

  it('E-22 ends with 124 after --timeout, and with 130 when it is interrupted', async () => {
    const running = command()
    const late = running.start(['probe', 'localhost/', '--idle', '300', '--timeout', '5000'])
    const interrupted = running.start(['probe', 'localhost/', '--idle', '300'])
    await running.settle()

    await interrupted.interrupt()
    await running.clock.advance(5000)

    expect(await late.exitCode).toBe(124)
    expect(await interrupted.exitCode).toBe(130)
  })
})
