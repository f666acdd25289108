/**
 * `towpath bench` over TCP, through a proxy that changes one message of 1000, and against a server
 * that stalls.
 */

import { PassThrough } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { waitingSystemClock } from '../../../src/base/internal.ts'
import { startLoadMeter } from '../../../src/cli/bench/load-meter.ts'
import { run } from '../../../src/cli/run.ts'
import { createPlatform } from '../../../src/engines/node/internal.ts'
import { type EmbeddedServer, embeddedServer, WebSockets } from '../../../src/index.ts'
import type { Frame } from '../../../src/protocol/index.ts'
import { faultProxy, type MessageFault } from '../../support/fault-proxy.ts'

const MESSAGES = 1000
const STALL_MS = 100

/** No other timer has this time. */
const DRAIN_MS = 123_456

let server: EmbeddedServer

beforeAll(async () => {
  server = await embeddedServer({ port: 0, host: '127.0.0.1', signals: false }, (app) => {
    app.install(WebSockets)
    app.routing((route) => {
      route.webSocket('/echo', async ({ incoming, send }) => {
        for await (const frame of incoming) await send(frame)
      })
      route.webSocket('/room/:name', async ({ call, incoming, send }) => {
        const room = rooms.get(call.parameters.name) ?? new Set()
        rooms.set(call.parameters.name, room)
        room.add(send)
        for await (const frame of incoming) {
          for (const each of room) if (each !== send) await each(frame)
        }
        room.delete(send)
      })
      route.webSocket('/stall', async ({ incoming, send, delay }) => {
        let second = -1
        for await (const frame of incoming) {
          const due = Math.floor(Buffer.from(frame.buffer).readDoubleBE(16) / 1000)
          const since = performance.now()
          while (due > second && performance.now() - since < STALL_MS) await delay(1)
          second = Math.max(second, due)
          await send(frame)
        }
      })
    })
  }).start()
})

/** The members of each room. */
const rooms = new Map<string, Set<(frame: Frame) => Promise<void>>>()

afterAll(() => server.stop({ grace: 0 }))

interface Measured {
  readonly exitCode: number
  readonly counts: Readonly<Record<string, number>>
  readonly latency: Readonly<Record<string, number>>
}

/** Runs the command in real time. `--drain` does not pass before `all` has resolved. */
async function bench(
  port: number,
  path: string,
  args: readonly string[],
  all: Promise<void> = new Promise(() => {}),
): Promise<Measured> {
  const stdout = new PassThrough()
  let out = ''
  stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
  const command = ['bench', `127.0.0.1:${port}${path}`, '--json', '--drain', `${DRAIN_MS}`]
  const exitCode = await run([...command, ...args], {
    stdin: new PassThrough(),
    stdout,
    stderr: new PassThrough().resume(),
    clock: {
      now: () => waitingSystemClock.now(),
      setTimer(ms, callback) {
        if (ms !== DRAIN_MS) return waitingSystemClock.setTimer(ms, callback)
        // What has come is counted in the turn after.
        void all.then(() => setImmediate(callback))
        return { [Symbol.dispose]() {} }
      },
    },
    platform: createPlatform(),
    startLoadMeter,
    variables: {},
    onInterrupt: () => ({ [Symbol.dispose]() {} }),
  })
  return { exitCode, ...(JSON.parse(out) as Omit<Measured, 'exitCode'>) }
}

const NONE = { lost: 0, duplicate: 0, reordered: 0, corrupt: 0 }

/** What must be found of each fault. */
const FAULTS: ReadonlyArray<readonly [MessageFault, object]> = [
  ['drop', { ...NONE, lost: 1 }],
  ['corrupt', { ...NONE, lost: 1, corrupt: 1 }],
  ['duplicate', { ...NONE, duplicate: 1 }],
  ['reorder', { ...NONE, reordered: 1 }],
]

let roomCount = 0

async function through(fault: MessageFault | null, at: number, mode: string): Promise<Measured> {
  const plan = { fault, at, total: MESSAGES }
  await using proxy = await faultProxy(server.address.port, plan)
  const path = mode === 'fan' ? `/room/${roomCount++}` : '/echo'
  // One receiver: of several, one may get all of its messages before the others do.
  const connections = mode === 'fan' ? '2' : '1'
  const load = ['-r', '5000', '-d', `${MESSAGES / 5000}`, '-c', connections, '--mode', mode]
  return await bench(proxy.port, path, load, proxy.passed)
}

describe('towpath bench over TCP', () => {
  it.each(['echo', 'fan'])('E-29 %s: without a fault, 1000 messages are correct', async (mode) => {
    const { counts, exitCode } = await through(null, 0, mode)

    expect(exitCode).toBe(0)
    expect(counts).toMatchObject({ sent: MESSAGES, received: MESSAGES })
  })

  it.each(
    ['echo', 'fan'].flatMap((mode) => FAULTS.map(([fault, found]) => ({ mode, fault, found }))),
  )(
    'E-29 $mode: a proxy that does a $fault of 1 of 1000 messages is found every time',
    async ({ mode, fault, found }) => {
      // The first, one in the middle, and one of the last, which another one follows.
      const places = [0, 499, MESSAGES - (fault === 'reorder' ? 3 : 1)]
      const runs = await Promise.all(places.map((at) => through(fault, at, mode)))

      for (const { counts, exitCode } of runs) {
        expect(exitCode).toBe(5)
        expect(counts).toMatchObject({ sent: MESSAGES, ...found })
      }
    },
  )

  it('E-28 a server that stalls 100 ms once a second has a p99 of 90 ms or more', async () => {
    const args = ['-c', '1', '-r', '500', '-d', '2']
    const { counts, exitCode, latency } = await bench(server.address.port, '/stall', args)

    expect(exitCode).toBe(0)
    expect(counts).toMatchObject({ sent: 1000, received: 1000 })
    expect(latency['p99']).toBeGreaterThanOrEqual(90)
  })
})
