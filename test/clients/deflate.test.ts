/**
 * permessage-deflate against `ws`, over real sockets: every combination of what both sides may
 * want.
 */

import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { WebSocket, type PerMessageDeflateOptions } from 'ws'
import {
  CompressionBudget,
  embeddedServer,
  Frame,
  permessageDeflate,
  type PermessageDeflateOptions,
  WebSockets,
} from 'towpath'

/** Things that compress well, badly and not at all; of all sizes; text and bytes. */
const MESSAGES: ReadonlyArray<string | Buffer> = [
  '',
  'Hello',
  ...Array.from({ length: 20 }, (_, id) =>
    JSON.stringify({ id, type: 'message', text: 'aé€😀'.repeat(id) }),
  ),
  Buffer.alloc(0),
  Buffer.alloc(100_000),
  Buffer.from(Array.from({ length: 70_000 }, (_, index) => (index * index * 7919) >> 3)),
  'x'.repeat(300_000),
]

interface Echoed {
  /** What the server agreed to. */
  readonly extensions: string
  readonly messages: Array<string | Buffer>
  /** Messages that `ws` sent in three fragments, echoed. */
  readonly fragmented: Array<string | Buffer>
}

async function echoed(
  server: PermessageDeflateOptions,
  client: PerMessageDeflateOptions,
): Promise<Echoed> {
  const budget = new CompressionBudget(Infinity)
  const running = await embeddedServer({ port: 0, host: '127.0.0.1', signals: false }, (app) => {
    app.install(WebSockets, { extensions: [permessageDeflate({ budget, ...server })] })
    app.routing((route) => {
      route.webSocket('/', async ({ incoming, send }) => {
        for await (const frame of incoming) await send(frame)
      })
      route.webSocket('/fragments', async ({ incoming, send }) => {
        for await (const frame of incoming) {
          const third = Math.ceil(frame.buffer.length / 3)
          for (const at of [0, 1, 2]) {
            const piece = frame.buffer.slice(at * third, (at + 1) * third)
            const Kind = frame instanceof Frame.Text ? Frame.Text : Frame.Binary
            await send(new Kind(piece, { fin: at === 2 }))
          }
        }
      })
    })
  }).start()
  const url = `ws://127.0.0.1:${running.address.port}`
  try {
    const plain = await conversation(`${url}/`, client, false)
    const fragmented = await conversation(`${url}/fragments`, client, true)
    return { ...plain, fragmented: fragmented.messages }
  } finally {
    await running.stop({ grace: 0 })
    expect([budget.contexts, budget.used]).toEqual([0, 0])
  }
}

async function conversation(
  url: string,
  client: PerMessageDeflateOptions,
  inFragments: boolean,
): Promise<Omit<Echoed, 'fragmented'>> {
  const socket = new WebSocket(url, { perMessageDeflate: { threshold: 0, ...client } })
  await once(socket, 'open')
  const messages: Array<string | Buffer> = []
  const all = new Promise<void>((resolve, reject) => {
    socket.on('message', (data: Buffer, isBinary: boolean) => {
      messages.push(isBinary ? data : data.toString())
      if (messages.length === MESSAGES.length) resolve()
    })
    socket.on('error', reject)
    socket.on('close', (code) => reject(new Error(`closed with ${code}`)))
  })
  for (const message of MESSAGES) {
    const bytes = Buffer.from(message)
    const binary = typeof message !== 'string'
    if (!inFragments) socket.send(bytes, { binary })
    else
      for (const fin of [false, true])
        socket.send(bytes.subarray(fin ? 3 : 0, fin ? undefined : 3), { binary, fin })
  }
  await all
  const { extensions } = socket
  socket.removeAllListeners('close')
  socket.close()
  await once(socket, 'close')
  return { extensions, messages }
}

for (const engine of ['auto', 'stream'] as const) {
  describe(`permessage-deflate on engine "${engine}", with ws`, () => {
    for (const [what, server, client] of [
      ['the defaults', {}, {}],
      ['no context takeover', { serverNoContextTakeover: true, clientNoContextTakeover: true }, {}],
      ['a server that forgets', { serverNoContextTakeover: true }, {}],
      ['a client that forgets', {}, { clientNoContextTakeover: true }],
      ['a client that asks the server to forget', {}, { serverNoContextTakeover: true }],
      ['a budget that is used up', { budget: new CompressionBudget(0) }, {}],
      [
        'windows of 8 bits',
        { serverMaxWindowBits: 8, clientMaxWindowBits: 9 },
        { serverMaxWindowBits: 8 },
      ],
      ...[9, 10, 11, 12, 13, 14, 15].map(
        (bits) =>
          [
            `windows of ${bits} bits`,
            { serverMaxWindowBits: bits, clientMaxWindowBits: bits },
            {},
          ] as const,
      ),
      [
        'a client with a window of its own',
        {},
        { clientMaxWindowBits: 10, serverMaxWindowBits: 11 },
      ],
      ['everything compressed', { threshold: 0, level: 9, memoryLevel: 9 }, {}],
    ] as const) {
      it(`${what}: every message comes back as it was, fragmented or not`, async () => {
        const { extensions, messages, fragmented } = await echoed({ engine, ...server }, client)

        expect(extensions).toBe('permessage-deflate')
        expect(messages).toEqual(MESSAGES)
        expect(fragmented).toEqual(MESSAGES)
      })
    }
  })
}

describe('permessage-deflate', () => {
  it('is not agreed on with a client that does not offer it', async () => {
    const running = await embeddedServer({ port: 0, host: '127.0.0.1', signals: false }, (app) => {
      app.install(WebSockets, { extensions: [permessageDeflate()] })
      app.routing((route) => route.webSocket('/', ({ send }) => send('x'.repeat(1000))))
    }).start()
    const socket = new WebSocket(`ws://127.0.0.1:${running.address.port}`, {
      perMessageDeflate: false,
    })
    // The listener of 'message' is given the data first.
    const [data] = (await once(socket, 'message')) as [Buffer]

    expect(data.toString()).toBe('x'.repeat(1000))
    expect(socket.extensions).toBe('')
    await once(socket, 'close')
    await running.stop({ grace: 0 })
  })
})
