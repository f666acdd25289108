import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { decodeMessage, encodeMessage } from '../../../src/cli/bench/bench-message.ts'
import { type Application, WebSockets } from '../../../src/index.ts'
import { Frame } from '../../../src/protocol/index.ts'
import { CommandLine } from '../../support/command-line.ts'

/** Echoes, but not what `change` takes out, changes or adds. */
function echo(
  app: Application,
  path: string,
  change: (frame: Frame, index: number) => readonly Frame[] | Promise<readonly Frame[]>,
): void {
  app.routing((route) => {
    route.webSocket(path, async ({ incoming, send }) => {
      let index = 0
      for await (const frame of incoming) {
        for (const answer of await change(frame, index++)) await send(answer)
      }
    })
  })
}

/** Which of 1000 messages is dropped. */
const LOST = [0, 1, 500, 998, 999] as const

/** What a server may write with a correct checksum. */
const LIES = [
  ['/ahead', { number: 4_000_000_000 }],
  ['/never', { intendedAt: Number.NaN }],
  ['/later', { intendedAt: 1e12 }],
] as const

function server(app: Application): void {
  app.install(WebSockets)
  let held: Frame | null = null
  echo(app, '/echo', (frame) => [frame])
  for (const lost of LOST) {
    echo(app, `/lossy-${lost}`, (frame, index) => (index === lost ? [] : [frame]))
  }
  echo(app, '/twice', (frame, index) => (index === 5 ? [frame, frame] : [frame]))
  echo(app, '/corrupt', (frame, index) => [index === 5 ? flipped(frame) : frame])
  for (const [path, change] of LIES) {
    echo(app, path, ({ buffer }, index) => {
      const message = decodeMessage(buffer)
      if (message === null) throw new Error('A message is invalid')
      const lie = encodeMessage({ ...message, ...change }, buffer.length)
      return [new Frame.Binary(index === 5 ? lie : buffer)]
    })
  }
  echo(app, '/reorder', (frame, index) => {
    if (index === 5) {
      held = frame
      return []
    }
    const both = held === null ? [frame] : [frame, held]
    held = null
    return both
  })
  app.routing((route) => {
    route.webSocket('/stall', async ({ incoming, send, delay }) => {
      let second = -1
      for await (const frame of incoming) {
        const isNext = Math.floor(clockOf(frame) / 1000) > second
        if (isNext) await delay({ milliseconds: 100 })
        if (isNext) second += 1
        await send(frame)
      }
    })
    const room = new Set<(frame: Frame) => Promise<void>>()
    route.webSocket('/room', async ({ incoming, send }) => {
      room.add(send)
      for await (const frame of incoming) for (const each of room) await each(frame)
      room.delete(send)
    })
    route.webSocket('/sink', async ({ incoming }) => {
      for await (const _frame of incoming);
    })
    route.webSocket('/short', async ({ delay }) => delay({ seconds: 2 }))
  })
}

function flipped(frame: Frame): Frame {
  const bytes = Uint8Array.from(frame.buffer)
  bytes[25] = (bytes[25] ?? 0) ^ 1
  return new Frame.Binary(bytes)
}

/** The intended time of a message, in milliseconds. */
function clockOf({ buffer }: Frame): number {
  return Buffer.from(buffer).readDoubleBE(16)
}

interface Ran {
  readonly exitCode: number
  readonly out: string
  readonly err: string
}

/** Runs a benchmark for at most 20 seconds of virtual time. */
async function bench(path: string, ...args: readonly string[]): Promise<Ran> {
  const line = new CommandLine(server)
  const command = line.start(['bench', `localhost${path}`, ...args])
  await line.settle()
  await line.clock.advance(20_000)
  const exitCode = await command.exitCode
  return { exitCode, out: command.out, err: command.err }
}

async function measure(path: string, ...args: readonly string[]): Promise<[number, Result]> {
  const { exitCode, out } = await bench(path, '--json', ...args)
  return [exitCode, JSON.parse(out) as Result]
}

interface Result {
  readonly counts: Readonly<Record<string, number>>
  readonly latency: Readonly<Record<string, number>>
  readonly storms: readonly object[]
  readonly warning: string | null
}

const SHORT = ['--duration', '2', '--rate', '100', '--connections', '2'] as const

describe('towpath bench', () => {
  it('E-28 sends by schedule, receives everything, and ends with 0', async () => {
    const [exitCode, { counts }] = await measure('/echo', ...SHORT)

    expect(exitCode).toBe(0)
    expect(counts).toEqual({
      opened: 2,
      failed: 0,
      closed: 0,
      sent: 200,
      unsent: 0,
      received: 200,
      lost: 0,
      duplicate: 0,
      reordered: 0,
      corrupt: 0,
      errors: 0,
    })
  })

  it('E-28 counts latency from the intended time: a stall of 100 ms a second has a p99 of 90 ms', async () => {
    const args = ['--duration', '4', '--rate', '200', '--connections', '1']
    const [, { latency }] = await measure('/stall', ...args)

    expect(latency['p50']).toBeLessThan(1)
    // The 9th longest of 800, within the 1 % of the histogram: four stalls of 100, 95, 90, … ms.
    expect(latency['p99']).toBeGreaterThanOrEqual(90)
    expect(latency['p99']).toBeLessThan(91)
    expect(latency['max']).toBe(100)
  })

  it.each([
    ['/twice', { lost: 0, duplicate: 1, reordered: 0, corrupt: 0 }],
    ['/reorder', { lost: 0, duplicate: 0, reordered: 1, corrupt: 0 }],
    ['/corrupt', { lost: 1, duplicate: 0, reordered: 0, corrupt: 1 }],
    ['/ahead', { lost: 1, duplicate: 0, reordered: 0, corrupt: 1 }],
    ['/never', { lost: 1, duplicate: 0, reordered: 0, corrupt: 1 }],
    ['/later', { lost: 1, duplicate: 0, reordered: 0, corrupt: 1 }],
  ])(
    'E-29 finds the one fault of %s among 1000 messages, and ends with 5',
    async (path, faults) => {
      const args = ['--duration', '1', '--rate', '1000', '--connections', '1']
      const [exitCode, { counts }] = await measure(path, ...args)

      expect(exitCode).toBe(5)
      expect(counts).toMatchObject(faults)
    },
  )

  it.each(LOST)('E-29 finds that message %d of 1000 is missing, and ends with 5', async (lost) => {
    const args = ['--duration', '1', '--rate', '1000', '--connections', '1']
    const [exitCode, { counts }] = await measure(`/lossy-${lost}`, ...args)

    expect(exitCode).toBe(5)
    expect(counts).toMatchObject({ lost: 1, duplicate: 0, reordered: 0, corrupt: 0 })
  })

  it('E-30 fan: one sends, all others receive', async () => {
    const [exitCode, { counts }] = await measure('/room', ...SHORT, '--mode', 'fan', '-c', '4')

    expect(exitCode).toBe(0)
    expect(counts).toMatchObject({ opened: 4, sent: 200, received: 600, lost: 0, corrupt: 0 })
  })

  it('E-30 upload: needs no answers', async () => {
    const [exitCode, { counts }] = await measure('/sink', ...SHORT, '--mode', 'upload')

    expect(exitCode).toBe(0)
    expect(counts).toMatchObject({ sent: 200, received: 200 })
  })

  it('E-30 idle: holds connections that were opened over --ramp', async () => {
    const ramp = ['--mode', 'idle', '-c', '10', '--ramp', '5', '--duration', '3']
    const [exitCode, { counts }] = await measure('/sink', ...ramp)
    const [lost, { counts: short }] = await measure('/short', ...ramp)

    expect(exitCode).toBe(0)
    expect(counts).toMatchObject({ opened: 10, closed: 0 })
    expect(lost).toBe(5)
    expect(short).toMatchObject({ opened: 10, closed: 10 })
  })

  it('E-30 storm: drops all, and measures until all are back, without and with jitter', async () => {
    const [exitCode, { storms }] = await measure('/sink', '--mode', 'storm', '-c', '20')

    expect(exitCode).toBe(0)
    expect(storms).toMatchObject([
      { jitter: false, allBack: 0, attempts: 20 },
      { jitter: true, allBack: expect.any(Number), attempts: 20 },
    ])
  })

  it('E-30 storm: ends with 5 when the connections do not come back', async () => {
    const line = new CommandLine(server)
    const args = ['--mode', 'storm', '-c', '3', '--ramp', '1', '--duration', '4']
    const command = line.start(['bench', 'localhost/sink', ...args])
    await line.clock.advance(500)
    line.network.refuse()
    await line.clock.advance(20_000)

    expect(await command.exitCode).toBe(5)
    expect(command.out).toContain('no jitter    0 came back')
  })

  it('E-30 sends base64 with --text', async () => {
    const [exitCode, { counts }] = await measure('/echo', ...SHORT, '--text', '--size', '1000')

    expect(exitCode).toBe(0)
    expect(counts).toMatchObject({ sent: 200, received: 200, corrupt: 0 })
  })

  it('E-31 says when the tool itself was the bottleneck', async () => {
    const line = new CommandLine(server)
    line.load = { busy: 0.95, delay: 1 }
    const command = line.start(['bench', 'localhost/echo', ...SHORT])
    await line.settle()
    await line.clock.advance(20_000)
    await command.exitCode

    expect(command.out).toContain('busy 95 % of the time. Use --workers or less load\n')
    expect((await bench('/echo', ...SHORT)).out).not.toContain('bottleneck')
  })

  it.each([
    [{ busy: 0.899, delay: 19.9 }, null],
    [
      { busy: 0.9, delay: 0 },
      'The tool was the bottleneck: its thread was busy 90 % of the time. Use --workers or less load',
    ],
    [
      { busy: 0, delay: 20 },
      'The tool was the bottleneck: its event loop was late by 20 ms (p99). Use --workers or less load',
    ],
  ])('E-31 names the bottleneck of %j: %s', async (load, warning) => {
    const line = new CommandLine(server)
    line.load = load
    const command = line.start(['bench', 'localhost/echo', '--json', ...SHORT])
    await line.settle()
    await line.clock.advance(20_000)
    await command.exitCode

    expect((JSON.parse(command.out) as Result).warning).toBe(warning)
  })

  it('E-32 ends with 5 when a threshold of --expect does not hold', async () => {
    const held = await bench('/echo', ...SHORT, '--expect', 'p99<50ms,lost=0,sent>=200')
    const broken = await bench('/echo', ...SHORT, '--expect', 'p99<50ms,received>200')

    expect(held.exitCode).toBe(0)
    expect(broken.exitCode).toBe(5)
    expect(broken.err).toContain('received is 200, expected received>200')
  })

  it('E-32 writes a page with charts that loads nothing', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'towpath-')), 'report.html')
    await bench('/echo?a=<b>', ...SHORT, '--report', file)

    const page = readFileSync(file, 'utf8')
    expect(page.match(/<svg /g)).toHaveLength(3)
    expect(page).not.toMatch(/<script|src=|<link|<b>/)
    expect(page).toContain('200 sent')
  })

  it.each([
    [['--mode', 'x'], '--mode'],
    [['--size', '5'], '--size'],
    [['--expect', 'p42<1'], '--expect'],
    [['--expect', 'p99<50m'], '--expect'],
    [['--workers', '11'], '--workers'],
    [['--mode', 'fan', '--workers', '2'], '--mode fan'],
    [
      ['--report', '/no/such/folder/a.html', ...SHORT],
      'Cannot write the file "/no/such/folder/a.html": ENOENT',
    ],
  ])('E-33 bench %j ends with 1', async (args, text) => {
    const { exitCode, err } = await bench('/echo', ...args)

    expect(exitCode).toBe(1)
    expect(err).toContain(text)
  })

  it('E-33 refuses more than 1000 connections to a public host without --yes', async () => {
    const args = ['bench', 'wss://example.com/', '-c', '1001']
    const refused = await new CommandLine(server).run(args)
    const line = new CommandLine(server)
    line.network.refuse()
    const allowed = await line.run([...args, '--yes'])
    const few = new CommandLine(server)
    few.network.refuse()
    const thousand = await few.run(['bench', 'wss://example.com/', '-c', '1000'])

    expect(refused.exitCode).toBe(1)
    expect(refused.err).toContain('1001 connections to a public host')
    expect(allowed.exitCode).toBe(2)
    expect(thousand.exitCode).toBe(2)
  })

  it('E-33 ends with 3 when the server refuses every connection', async () => {
    const refused = await bench('/none', ...SHORT)

    expect(refused.exitCode).toBe(3)
    expect(refused.err).toContain('status 404')
  })

  it('E-33 ends with 124 after --timeout, and with 130 when it is interrupted', async () => {
    const line = new CommandLine(server)
    const codes: number[] = []
    line.application.monitor.on('sessionClosed', ({ info }) => codes.push(info.reason.code))
    const late = line.start(['bench', 'localhost/echo', '--timeout', '3000'])
    const interrupted = line.start(['bench', 'localhost/sink', '--mode', 'idle'])
    await line.settle()
    await interrupted.interrupt()
    await line.clock.advance(3000)

    expect(await late.exitCode).toBe(124)
    expect(await interrupted.exitCode).toBe(130)
    expect(codes).toEqual(Array.from({ length: 20 }, () => 1001))
  })
})
