import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import {
  type Application,
  type CloseInfo,
  CloseReason,
  embeddedServer,
  type EmbeddedServer,
  Frame,
  WebSockets,
} from 'towpath'
import type { ForeignClient, Inability } from './client.ts'
import { startPythonClient } from './python-client.ts'
import { undiciClient } from './undici-client.ts'
import { wsClient } from './ws-client.ts'

const SIZES = [0, 125, 126, 127, 65_535, 65_536, 1 << 20]
const FRAGMENTS = [1, 2, 5]
const CODES = [1000, 1001, 1008, 1011, 3000, 4000]

/** Text of that many bytes in UTF-8, of characters of one, two, three and four bytes. */
function textOf(bytes: number): string {
  const tens = Math.floor(bytes / 10)
  return 'aé€😀'.repeat(tens) + 'x'.repeat(bytes - tens * 10)
}

function bytesOf(size: number): Buffer {
  return Buffer.from(Array.from({ length: size }, (_, index) => (index * 31) & 0xff))
}

function fragmentsOf(bytes: Uint8Array): Frame[] {
  const third = Math.ceil(bytes.length / 3)
  return [0, 1, 2].map((index) => {
    const piece = bytes.slice(index * third, (index + 1) * third)
    return new Frame.Binary(piece, { fin: index === 2 })
  })
}

function routes(app: Application): void {
  app.install(WebSockets)
  app.routing((route) => {
    route.webSocket('/echo', async ({ incoming, send }) => {
      for await (const frame of incoming) await send(frame)
    })
    route.webSocket('/fragments/:size', async ({ call, send, incoming }) => {
      for (const frame of fragmentsOf(bytesOf(Number(call.parameters.size)))) await send(frame)
      await incoming.receiveCatching()
    })
    route.webSocketRaw('/pinged', async ({ incoming, send }) => {
      await send(new Frame.Ping(Buffer.from('still there?')))
      const frame = await incoming.receive()
      await send(frame instanceof Frame.Pong ? Buffer.from(frame.buffer).toString() : 'no pong')
      await incoming.receiveCatching()
    })
    route.webSocket('/close/:code', ({ call, close }) => {
      void close(new CloseReason(Number(call.parameters.code), 'that is all ✓'))
    })
    route.webSocket('/return', () => {})
  })
}

interface Case {
  readonly client: () => ForeignClient
  readonly name: string
  /** Why a group of tests is left out. */
  readonly cannot: Partial<Record<Inability, string>>
}

let python: ForeignClient

const CASES: readonly Case[] = [
  { name: 'ws', client: () => wsClient, cannot: {} },
  {
    name: 'undici',
    client: () => undiciClient,
    cannot: {
      fragments: 'the interface of browsers has none',
      ping: 'the interface of browsers has none',
      'close below 3000': 'the interface of browsers allows 1000 and 3000 to 4999',
    },
  },
  {
    name: 'python3-websockets',
    client: () => python,
    cannot: { 'close without a code': 'its close() always sends one' },
  },
]

describe.each(CASES)('$name', ({ client, cannot }) => {
  let server: EmbeddedServer
  let base: string
  let addresses = 0

  beforeAll(async () => {
    python ??= startPythonClient()
    server = embeddedServer({ host: '127.0.0.1', port: 0, signals: false }, routes)
    await server.start()
    base = `ws://127.0.0.1:${server.address.port}`
  })

  afterAll(async () => {
    await server.stop({ grace: 0 })
    if (cannot['close without a code'] !== undefined) python.stop()
  })

  /**
   * An address that no other test uses, and how the session there ends, as the server reports it.
   */
  function watched(path: string): { url: string; ended: Promise<CloseInfo> } {
    const uri = `${path}?${++addresses}`
    const ended = new Promise<CloseInfo>((resolve) => {
      server.application.monitor.on('sessionClosed', ({ session, info }) => {
        if (session.call.request.uri === uri) resolve(info)
      })
    })
    return { url: base + uri, ended }
  }

  for (const size of SIZES) {
    for (const fragments of FRAGMENTS) {
      describe.skipIf(fragments > 1 && cannot.fragments !== undefined)(
        `a message of ${size} bytes in ${fragments} frames`,
        () => {
          it('comes back as the same text', async () => {
            const text = textOf(size)
            expect(Buffer.byteLength(text)).toBe(size)

            expect((await client().echo(`${base}/echo`, text, fragments)) === text).toBe(true)
          })

          it('comes back as the same bytes', async () => {
            const bytes = bytesOf(size)

            const answer = await client().echo(`${base}/echo`, bytes, fragments)

            expect(Buffer.isBuffer(answer) && answer.equals(bytes)).toBe(true)
          })
        },
      )
    }

    it(`reads a message of ${size} bytes that the server sends in 3 frames`, async () => {
      const answer = await client().receive(`${base}/fragments/${size}`)

      expect(Buffer.isBuffer(answer) && answer.equals(bytesOf(size))).toBe(true)
    })
  }

  it.skipIf(cannot.ping !== undefined)('gets its ping answered', async () => {
    expect(await client().ping(`${base}/echo`, 'are you there?')).toBe('are you there?')
  })

  it('answers our pings', async () => {
    expect(await client().receive(`${base}/pinged`)).toBe('still there?')
  })

  for (const code of CODES) {
    it(`is closed by us with ${code}`, async () => {
      const { url, ended } = watched(`/close/${code}`)

      expect(await client().waitForClose(url)).toEqual({ code, reason: 'that is all ✓' })
      const info = await ended
      expect(info.reason.code).toBe(code)
      expect(info).toMatchObject({ initiator: 'local', clean: true, cause: null })
    })

    const isOutOfReach = code !== 1000 && code < 3000 && cannot['close below 3000'] !== undefined
    it.skipIf(isOutOfReach)(`closes with ${code}, and hears it back`, async () => {
      const { url, ended } = watched('/echo')

      const { code: heard } = await client().close(url, code, 'bye ✓')

      const info = await ended
      expect(heard).toBe(code)
      expect(info.reason).toEqual(new CloseReason(code, 'bye ✓'))
      expect(info).toMatchObject({ initiator: 'remote', clean: true, cause: null })
    })
  }

  it('is closed by us with 1000 when the handler returns', async () => {
    const { url, ended } = watched('/return')

    expect(await client().waitForClose(url)).toEqual({ code: 1000, reason: '' })
    expect(await ended).toMatchObject({ initiator: 'local', clean: true })
  })

  it.skipIf(cannot['close without a code'] !== undefined)('closes without a code', async () => {
    const { url, ended } = watched('/echo')

    const { code } = await client().close(url, null, '')

    const info = await ended
    expect(code).toBe(1005)
    expect(info.reason.code).toBe(1005)
    expect(info.clean).toBe(true)
  })
})
