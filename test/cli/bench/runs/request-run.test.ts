/**
 * `towpath bench --typed`: requests of a contract.
 */

import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { type Application, WebSockets } from '../../../../src/index.ts'
import { json, typed } from '../../../../src/messages/index.ts'
import { chat } from '../../../support/bench-contracts.ts'
import { CommandLine } from '../../../support/command-line.ts'

const FILE = fileURLToPath(new URL('../../../support/bench-contracts.ts', import.meta.url))

/** Requests of 100: how many are answered with each failure of `/failing`. */
const BUSY_EVERY = 10
const EMPTY_EVERY = 25

/** What `/echo` was asked, in order. */
const rooms: string[] = []
const confirmed: unknown[] = []

function server(app: Application): void {
  app.install(WebSockets)
  app.routing((route) => {
    const { protocols } = chat
    route.webSocket('/echo', { protocols }, async (session) => {
      await typed(session, chat).serve({
        say() {},
        ping() {},
        async *count() {},
        history: ({ room }) => {
          rooms.push(room)
          return [room]
        },
      })
    })
    route.webSocket('/failing', { protocols }, async (session) => {
      let number = 0
      const messages = typed(session, chat, { validate: 'none' })
      await messages.serve({
        say() {},
        ping: () => new Promise(() => {}),
        async *count() {},
        history: ({ room }, { error }) => {
          number += 1
          if (number % BUSY_EVERY === 0) throw error('NO_SUCH_ROOM', { room })
          // Not what the schema says.
          return number % EMPTY_EVERY === 0 ? ([5] as unknown as string[]) : [room]
        },
      })
    })
    route.webSocket('/stall', { protocols }, async (session) => {
      let second = 0
      await typed(session, chat).serve({
        say() {},
        ping() {},
        async *count() {},
        history: async () => {
          const { clock } = app
          const now = Math.floor(clock.now() / 1000)
          if (now > second) second = now
          const left = second * 1000 + 100 - clock.now()
          if (left > 0) await clock.delay(left)
          return []
        },
      })
    })
    route.webSocket('/talkative', { protocols }, async (session) => {
      const messages = typed(session, chat)
      void session.launch(async () => {
        for (let number = 0; number < 200; number++) await messages.send('said', { text: 'hi' })
        const asking = Array.from({ length: 100 }, () =>
          messages.requestCatching('confirm', undefined),
        )
        confirmed.push(...(await Promise.all(asking)))
      })
      await messages.serve({ say() {}, ping() {}, async *count() {}, history: () => [] })
    })
    route.webSocket('/plain', async ({ incoming }) => {
      await incoming.consumeEach(() => {})
    })
    route.webSocket('/short', { protocols }, async (session) => {
      await session.delay({ milliseconds: 500 })
    })
    route.webSocket('/lying', { protocols }, async ({ incoming, send }) => {
      for await (const frame of incoming) {
        const { id } = json.decode(Buffer.from(frame.buffer).toString()) as { id: number }
        // A code that the contract does not have, new each time.
        await send(JSON.stringify({ type: '.error', id, code: `\u001b[2J${id}` }))
      }
    })
  })
}

interface Ran {
  readonly exitCode: number
  readonly out: string
  readonly err: string
}

/** Runs a benchmark for at most 40 seconds of virtual time. */
async function bench(path: string, ...args: readonly string[]): Promise<Ran> {
  const line = new CommandLine(server)
  const typing = ['--typed', FILE, '--contract', 'chat']
  const command = line.start(['bench', `localhost${path}`, ...typing, ...args])
  // The module is loaded in real time.
  await Promise.race([line.opened(), command.exitCode])
  await line.clock.advance(40_000)
  const exitCode = await command.exitCode
  return { exitCode, out: command.out, err: command.err }
}

const HISTORY = ['--request', 'history', '--payload', '{"room":"lock"}']
const SHORT = ['-d', '2', '-r', '50', '-c', '2']

describe('towpath bench --typed', () => {
  it('E-52 sends requests by schedule, with the values in turn, and ends with 0', async () => {
    rooms.length = 0
    const quay = ['--payload', '{"room":"quay"}']
    const { exitCode, err, out } = await bench('/echo', ...HISTORY, ...quay, ...SHORT)

    expect({ exitCode, err }).toEqual({ exitCode: 0, err: '' })
    expect(out).toContain('messages     100 sent (50/s), 100 received\n')
    expect(out).not.toContain('errors')
    // Each of two connections sends one value and then the other.
    expect(rooms.slice(0, 6)).toEqual(['lock', 'lock', 'quay', 'quay', 'lock', 'lock'])
    expect(rooms).toHaveLength(100)
  })

  it('E-52 sends a request without a value', async () => {
    const { exitCode, out } = await bench('/echo', '--request', 'ping', ...SHORT)

    expect(exitCode).toBe(0)
    expect(out).toContain('100 received')
  })

  it('E-52 counts latency from the intended time: a stall of 100 ms a second has a p99 of 90 ms', async () => {
    const args = ['-d', '4', '-r', '200', '-c', '1', '--json']
    const { out } = await bench('/stall', ...HISTORY, ...args)
    const { latency } = JSON.parse(out) as { latency: Record<string, number> }

    expect(latency['p50']).toBeLessThan(1)
    expect(latency['p99']).toBeGreaterThanOrEqual(90)
  })

  it('E-53 counts failures by code, and answers that do not match their schema', async () => {
    const { exitCode, err, out } = await bench(
      '/failing',
      ...HISTORY,
      '-c',
      '1',
      '-d',
      '1',
      '-r',
      '100',
    )

    expect(exitCode).toBe(5)
    expect(out).toContain('faults       0 lost, 0 duplicate, 0 reordered, 2 corrupt, 0 unsent\n')
    expect(out).toContain('errors       10 NO_SUCH_ROOM\n')
    expect(err).toContain('Cannot get an answer to "history"')
  })

  it('E-53 a request without an answer is lost', async () => {
    const { exitCode, out } = await bench(
      '/failing',
      '--request',
      'ping',
      '-c',
      '1',
      '-d',
      '1',
      '-r',
      '9',
    )

    expect(exitCode).toBe(5)
    expect(out).toContain('9 lost')
  })

  it('E-53 a connection that ends counts its requests, and those that follow are unsent', async () => {
    const args = ['-c', '1', '-d', '1', '-r', '10', '--json']
    const { exitCode, out } = await bench('/short', '--request', 'ping', ...args)
    const { counts, errors } = JSON.parse(out) as {
      counts: Record<string, number>
      errors: Record<string, number>
    }

    expect(exitCode).toBe(5)
    expect(errors).toEqual({ DISCONNECTED: counts['errors'] })
    expect(counts).toMatchObject({ closed: 1, received: 0, lost: 0 })
    expect((counts['errors'] ?? 0) + (counts['unsent'] ?? 0)).toBe(10)
  })

  it('E-53 a failure that the contract does not have is FAILED, whatever its server calls it', async () => {
    const { exitCode, err, out } = await bench('/lying', '--request', 'ping', ...SHORT)

    expect(exitCode).toBe(5)
    expect(out).toContain('errors       100 FAILED\n')
    expect(`${out}${err}`).not.toContain('\u001b')
  })

  it('E-54 events and requests of the server hold up no answer, and are not left open', async () => {
    confirmed.length = 0
    const { exitCode, out } = await bench('/talkative', ...HISTORY, ...SHORT)

    expect(exitCode).toBe(0)
    expect(out).toContain('100 received')
    const unknown = { type: 'failed', failure: 'UNKNOWN', data: undefined }
    expect(confirmed).toEqual(Array.from({ length: 200 }, () => unknown))
  })

  it('E-54 ends with 3 if the server does not agree on the contract', async () => {
    const { exitCode, err } = await bench('/plain', ...HISTORY, ...SHORT)

    expect(exitCode).toBe(3)
    expect(err).toContain('has not agreed on the subprotocol chat.2+json')
  })

  it.each([
    [['--request', 'none'], '"none" is not in the contract'],
    [[], 'expected --request'],
    [['--request', 'history', '--payload', '{"room":5}'], 'at "room"'],
    [['--request', 'history', '--payload', '{'], 'is not JSON'],
    [['--request', 'history', '--payload', '@/none'], 'Cannot read the file'],
    [[...HISTORY, '--mode', 'fan'], '--mode with --typed'],
    [[...HISTORY, '--size', '100'], '--size with --typed'],
    [[...HISTORY, '-s', 'other'], '--protocol with --typed'],
  ])('E-54 %j ends with 1 before anything is sent', async (args, text) => {
    const { exitCode, err } = await bench('/echo', ...args)

    expect(exitCode).toBe(1)
    expect(err).toContain(text)
    expect(err.match(/\n/g)).toHaveLength(1)
  })

  it('E-54 the other options need --typed', async () => {
    const { exitCode, err } = await new CommandLine(server).run(['bench', 'x', '--request', 'y'])

    expect(exitCode).toBe(1)
    expect(err).toBe('towpath: Cannot use --request without --typed\n')
  })
})
