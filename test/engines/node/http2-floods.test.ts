/**
 * What a hostile peer can send over HTTP/2, in both roles: the process survives, its memory stays
 * bounded, and a neighbour on another connection is served. The target is a process of its own.
 */

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import type { Peer } from '../../support/peer.ts'
import { Program } from '../../support/program.ts'
import {
  ACK,
  code,
  connectHeaders,
  END_HEADERS,
  END_STREAM,
  frame,
  FrameKind,
  literals,
  RawHttp2,
  type ReceivedFrame,
  Setting,
} from '../../support/raw-http2.ts'
import { type RawHttp2Server, rawHttp2Server } from '../../support/raw-http2-server.ts'

/** What one attack may cost, beside what all of them leave warm: code, pools, TLS. */
const MAX_GROWTH_BYTES = 64 * 1024 * 1024

/** The stream of the one session that an attacked connection has. */
const STREAM = 1

const PRIORITY = 2
const PUSH_PROMISE = 5
const ALTSVC = 10

const times = (count: number, bytes: Uint8Array): Buffer =>
  Buffer.concat(Array.from({ length: count }, () => bytes))

const settingsFrame = (id: number, value: number): Buffer => {
  const payload = Buffer.alloc(6)
  payload.writeUInt16BE(id, 0)
  payload.writeUInt32BE(value, 2)
  return frame(FrameKind.SETTINGS, 0, 0, payload)
}

const goAway = (last: number, reason: number): Buffer =>
  frame(FrameKind.GOAWAY, 0, 0, Buffer.concat([code(last), code(reason)]))

const data = (stream: number, bytes: number, flags = 0): Buffer =>
  frame(FrameKind.DATA, flags, stream, Buffer.alloc(bytes))

/** Attacks of either end. */
const FLOODS: ReadonlyArray<readonly [name: string, bytes: () => Buffer]> = [
  ['PING', () => times(5_000, frame(FrameKind.PING, 0, 0, Buffer.alloc(8)))],
  ['PING answers', () => times(5_000, frame(FrameKind.PING, ACK, 0, Buffer.alloc(8)))],
  ['SETTINGS', () => times(5_000, settingsFrame(Setting.MAX_CONCURRENT_STREAMS, 100))],
  ['empty SETTINGS', () => times(5_000, frame(FrameKind.SETTINGS, 0, 0, Buffer.alloc(0)))],
  ['SETTINGS answers', () => times(5_000, frame(FrameKind.SETTINGS, ACK, 0, Buffer.alloc(0)))],
  ['empty DATA', () => times(5_000, data(STREAM, 0))],
  ['DATA of one byte', () => times(5_000, data(STREAM, 1))],
  ['DATA behind END_STREAM', () => Buffer.concat([data(STREAM, 0, END_STREAM), data(STREAM, 9)])],
  ['DATA past the window', () => times(200, data(STREAM, 16_384))],
  ['DATA on no stream', () => times(1_000, data(0, 100))],
  ['DATA on a stream that was never opened', () => times(1_000, data(4_001, 100))],
  ['PRIORITY', () => times(5_000, frame(PRIORITY, 0, STREAM, Buffer.alloc(5)))],
  ['frames of unknown kinds', () => times(5_000, frame(0xee, 0xff, 77, Buffer.alloc(16)))],
  ['WINDOW_UPDATE', () => times(5_000, frame(FrameKind.WINDOW_UPDATE, 0, 0, code(1)))],
  ['WINDOW_UPDATE of 0', () => frame(FrameKind.WINDOW_UPDATE, 0, STREAM, code(0))],
  [
    'WINDOW_UPDATE past 2^31',
    () => times(3, frame(FrameKind.WINDOW_UPDATE, 0, STREAM, code(2 ** 31 - 1))),
  ],
  ['a window that shrinks below 0', () => settingsFrame(Setting.INITIAL_WINDOW_SIZE, 0)],
  [
    'a window that jumps',
    () =>
      times(
        5_000,
        Buffer.concat([
          settingsFrame(Setting.INITIAL_WINDOW_SIZE, 0),
          settingsFrame(Setting.INITIAL_WINDOW_SIZE, 2 ** 31 - 1),
        ]),
      ),
  ],
  ['a window of 2^31', () => settingsFrame(Setting.INITIAL_WINDOW_SIZE, 2 ** 31)],
  ['GOAWAY', () => times(5_000, goAway(2 ** 31 - 1, 0))],
  ['GOAWAY with an error', () => times(100, goAway(0, 2))],
  ['GOAWAY with an error and DATA in one chunk', () => Buffer.concat([goAway(0, 2), data(1, 9)])],
  ['RST_STREAM', () => times(5_000, frame(FrameKind.RST_STREAM, 0, STREAM, code(8)))],
  ['a frame that is too large', () => frame(FrameKind.DATA, 0, STREAM, Buffer.alloc(100_000))],
  [
    'headers that cannot be decoded',
    () => frame(FrameKind.HEADERS, 4, STREAM, Buffer.alloc(9, 255)),
  ],
  ['bytes that are no frames', () => Buffer.alloc(100_000, 'GET / HTTP/1.1\r\n\r\n')],
]

/** Attacks of a client. */
const OF_CLIENTS: ReadonlyArray<readonly [name: string, bytes: () => Buffer]> = [
  [
    'GOAWAY with an error, HEADERS and DATA in one chunk (nodejs/node#64850)',
    () => {
      const headers = frame(FrameKind.HEADERS, END_HEADERS, 3, literals(connectHeaders('/echo')))
      return Buffer.concat([goAway(0, 2), headers, data(3, 9)])
    },
  ],
  [
    'rapid reset',
    () =>
      Buffer.concat(
        Array.from({ length: 2_000 }, (_, at) => {
          const stream = 3 + 2 * at
          const headers = frame(1, END_HEADERS, stream, literals(connectHeaders('/echo')))
          return Buffer.concat([headers, frame(FrameKind.RST_STREAM, 0, stream, code(8))])
        }),
      ),
  ],
  [
    'more streams than are allowed',
    () =>
      Buffer.concat(
        Array.from({ length: 1_000 }, (_, at) =>
          frame(1, END_HEADERS, 3 + 2 * at, literals(connectHeaders('/echo'))),
        ),
      ),
  ],
  [
    'CONTINUATION without end',
    () =>
      Buffer.concat([
        frame(FrameKind.HEADERS, 0, 3, literals(connectHeaders('/echo'))),
        times(1_000, frame(FrameKind.CONTINUATION, 0, 3, literals([['x', 'y'.repeat(1_000)]]))),
      ]),
  ],
  [
    'empty CONTINUATION',
    () =>
      Buffer.concat([
        frame(FrameKind.HEADERS, 0, 3, Buffer.alloc(0)),
        times(5_000, frame(FrameKind.CONTINUATION, 0, 3, Buffer.alloc(0))),
      ]),
  ],
  [
    'a request with 1 MiB of headers',
    () =>
      Buffer.concat([
        frame(FrameKind.HEADERS, 0, 3, literals(connectHeaders('/echo'))),
        times(64, frame(FrameKind.CONTINUATION, 0, 3, literals([['x', 'y'.repeat(16_000)]]))),
        frame(FrameKind.CONTINUATION, END_HEADERS, 3, Buffer.alloc(0)),
      ]),
  ],
]

/** Attacks of a server. */
const OF_SERVERS: ReadonlyArray<readonly [name: string, bytes: () => Buffer]> = [
  [
    'informational answers',
    () =>
      times(5_000, frame(FrameKind.HEADERS, END_HEADERS, STREAM, literals([[':status', '103']]))),
  ],
  [
    'a second answer',
    () => times(100, frame(FrameKind.HEADERS, END_HEADERS, STREAM, literals([[':status', '200']]))),
  ],
  [
    'trailers without end',
    () =>
      Buffer.concat([
        frame(FrameKind.HEADERS, END_STREAM, STREAM, literals([['x', 'y']])),
        times(
          1_000,
          frame(FrameKind.CONTINUATION, 0, STREAM, literals([['x', 'y'.repeat(1_000)]])),
        ),
      ]),
  ],
  [
    'PUSH_PROMISE',
    () =>
      times(
        100,
        frame(
          PUSH_PROMISE,
          END_HEADERS,
          STREAM,
          Buffer.concat([code(2), literals([[':path', '/']])]),
        ),
      ),
  ],
  [
    'ALTSVC',
    () =>
      times(
        20_000,
        frame(ALTSVC, 0, 0, Buffer.concat([Buffer.from([0, 1]), Buffer.from('ah3=":1"')])),
      ),
  ],
]

let target: Program
let port: number
let neighbour: Peer
let neighbours: RawHttp2
let baseline: number
let asked = 0

beforeAll(async () => {
  target = new Program('http2-target')
  port = Number((await target.next('listening'))['port'])
  neighbours = await RawHttp2.connect(port)
  neighbour = await neighbours.open('/echo')
  await neighbourIsServed()
  baseline = await memoryInUse()
})

afterAll(async () => {
  await neighbours[Symbol.asyncDispose]()
  await target[Symbol.asyncDispose]()
})

/** A whole message there and back, after everything that was sent before. */
async function neighbourIsServed(): Promise<void> {
  neighbour.text('Hi')
  expect(await neighbour.read(4)).toBe('81 02 48 69')
}

async function memoryInUse(): Promise<number> {
  target.tell('memory')
  asked += 1
  return Number((await target.next('memory', asked))['used'])
}

/** The target lives, serves others, and has not kept what it was sent. */
async function expectUnharmed(): Promise<void> {
  await neighbourIsServed()
  expect((await memoryInUse()) - baseline).toBeLessThan(MAX_GROWTH_BYTES)
}

const saysGoaway = ({ kind }: ReceivedFrame): boolean => kind === FrameKind.GOAWAY

/** Resolves when the target has read everything, or has refused it: it may stop reading then. */
async function untilRead(connection: RawHttp2): Promise<void> {
  const refused = connection.until(() => connection.frames.some(saysGoaway)).catch(() => {})
  await Promise.race([connection.settle(), refused, connection.closed])
}

describe('a server survives', () => {
  it.each([...FLOODS, ...OF_CLIENTS])('%s', async (_name, bytes) => {
    await using connection = await RawHttp2.connect(port)
    await connection.open('/echo')
    connection.socket.write(bytes())
    await untilRead(connection)

    await expectUnharmed()
  })

  it.each(['PING', 'SETTINGS', 'empty SETTINGS'])(
    '%s without reading the answers',
    async (name) => {
      const [, bytes] = FLOODS.find(([each]) => each === name) ?? FLOODS[0] ?? []
      await using connection = await RawHttp2.connect(port)
      await connection.open('/echo')
      connection.socket.pause()
      for (let count = 0; count < 5; count++) connection.socket.write(bytes?.() ?? '')
      for (let count = 0; count < 20; count++) await neighbourIsServed()

      await expectUnharmed()
    },
  )

  it('a window of 0 for ever: the session holds no more than its bounds', async () => {
    await using connection = await RawHttp2.connect(port)
    connection.sendSettings([[Setting.INITIAL_WINDOW_SIZE, 0]])
    await Promise.all(Array.from({ length: 20 }, () => connection.open('/pour')))
    for (let count = 0; count < 20; count++) await neighbourIsServed()

    await expectUnharmed()
  })
})

describe('a client survives', () => {
  let server: RawHttp2Server
  let opened = 0

  beforeAll(async () => {
    server = await rawHttp2Server()
  })
  afterAll(() => server[Symbol.asyncDispose]())

  /** A session of the target with us as its server. */
  async function attacked(path = '/'): Promise<RawHttp2> {
    target.tell(`open wss://localhost:${server.port}${path}`)
    const connection = await server.next()
    connection.accept(await connection.nextRequest())
    opened += 1
    await target.next('opened', opened)
    return connection
  }

  it.each([...FLOODS, ...OF_SERVERS])('%s', async (_name, bytes) => {
    await using connection = await attacked()
    connection.socket.write(bytes())
    await untilRead(connection)

    await expectUnharmed()
  })

  it.each(['PING', 'SETTINGS', 'empty SETTINGS'])(
    '%s without reading the answers',
    async (name) => {
      const [, bytes] = FLOODS.find(([each]) => each === name) ?? FLOODS[0] ?? []
      await using connection = await attacked()
      connection.socket.pause()
      for (let count = 0; count < 5; count++) connection.socket.write(bytes?.() ?? '')
      for (let count = 0; count < 20; count++) await neighbourIsServed()
      connection.socket.destroy()

      await expectUnharmed()
    },
  )

  it('a window of 0 for ever: the session holds no more than its bounds', async () => {
    await using connection = await attacked('/pour')
    connection.sendSettings([[Setting.INITIAL_WINDOW_SIZE, 0]])
    for (let count = 0; count < 20; count++) await neighbourIsServed()

    await expectUnharmed()
  })

  it('GOAWAY with an error, the answer and DATA in one chunk', async () => {
    target.tell(`open wss://localhost:${server.port}/`)
    await using connection = await server.next()
    const stream = await connection.nextRequest()
    const answer = frame(FrameKind.HEADERS, END_HEADERS, stream, literals([[':status', '200']]))
    connection.socket.write(Buffer.concat([goAway(2 ** 31 - 1, 2), answer, data(stream, 9)]))
    await untilRead(connection)

    await expectUnharmed()
  })

  it.each([
    ['an answer with 1 MiB of headers', 64],
    ['an answer whose headers never end', 1_000],
  ])('%s', async (_name, continuations) => {
    target.tell(`open wss://localhost:${server.port}/`)
    await using connection = await server.next()
    const stream = await connection.nextRequest()
    connection.answer(stream, [[':status', '200']], 0)
    const more = frame(FrameKind.CONTINUATION, 0, stream, literals([['x', 'y'.repeat(16_000)]]))
    connection.socket.write(times(continuations, more))
    await untilRead(connection)

    await expectUnharmed()
  })
})
