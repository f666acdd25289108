/**
 * Ids, masks and ping payloads that can be guessed (CWE-338).
 *
 * CVE-2017-16031 (socket.io: ids from Math.random). RFC 6455 §5.3 and §10.3 want masks that nobody
 * can predict.
 */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { WebSocket } from 'ws'

import { embeddedServer, WebSockets } from '../../src/index.ts'
import { createEnvironment } from '../../src/engines/node/environment.ts'
import { listFiles } from '../../tools/list-files.ts'
import { World } from '../application/upgrade-client.ts'

const { randomFillSync } = vi.hoisted(() => ({
  randomFillSync: vi.fn<(target: Uint8Array) => Uint8Array>(),
}))

vi.mock('node:crypto', async (importOriginal) => ({
  ...(await importOriginal<object>()),
  randomFillSync,
}))

afterEach(() => {
  randomFillSync.mockReset()
})

const SOURCES = fileURLToPath(new URL('../../src', import.meta.url))

describe('advisory: weak randomness', () => {
  it('what the engine hands to sessions comes from the generator of node:crypto, and is handed out once', () => {
    let next = 0
    randomFillSync.mockImplementation((target) => target.fill(++next))
    const { random } = createEnvironment()

    expect(random(new Uint8Array(4))).toEqual(Uint8Array.of(1, 1, 1, 1))
    // 4096 bytes come at a time; what is left of them is used up before new ones are drawn.
    for (let drawn = 4; drawn < 4096; drawn += 4) random(new Uint8Array(4))
    expect(random(new Uint8Array(4))).toEqual(Uint8Array.of(2, 2, 2, 2))
    // More bytes than the pool has: each part is drawn anew.
    const large = random(new Uint8Array(5000))
    expect(large).toEqual(new Uint8Array(5000).fill(3, 0, 4096).fill(4, 4096))
    expect(randomFillSync).toHaveBeenCalledTimes(4)
  })

  it('a session on Node has 16 of these bytes as its id, and 8 or more in each ping', async () => {
    randomFillSync.mockImplementation((target) => target.fill(0xa5))
    let id = ''
    const server = embeddedServer({ host: '127.0.0.1', port: 0, signals: false }, (app) => {
      app.install(WebSockets, { pingPeriod: { milliseconds: 10 } })
      app.routing((route) => {
        route.webSocket('/', async (session) => {
          id = session.id
          await session.incoming.receiveCatching()
        })
      })
    })
    await server.start()
    const client = new WebSocket(`ws://127.0.0.1:${server.address.port}/`)

    const payload = await new Promise<Buffer>((resolve) => {
      client.once('ping', resolve)
    })

    expect(Buffer.from(id, 'base64url')).toEqual(Buffer.alloc(16, 0xa5))
    expect(payload.length).toBeGreaterThanOrEqual(8)
    expect(payload.every((byte) => byte === 0xa5)).toBe(true)
    client.close()
    await server.stop({ grace: 0 })
  })

  it('every mask is drawn anew', async () => {
    const world = new World().install({ masking: true })
    world.app.routing((route) => {
      route.webSocket('/', async ({ send, incoming }) => {
        await send('same')
        await send('same')
        await incoming.receiveCatching()
      })
    })
    const peer = await world.connect('/')

    const first = (await peer.inbox.take(10)).slice(2, 6)
    const second = (await peer.inbox.take(10)).slice(2, 6)

    expect(first).not.toEqual(second)
    peer.end()
  })

  it('nothing in src/ asks Math.random, or the clock, for what is to be unique', () => {
    const offenders = listFiles(SOURCES, '.ts').filter((file) => {
      // The bundle of a page, in a string. The page draws the jitter of its waits, and no id.
      if (file === 'inspector/page-source.ts') return false
      const text = readFileSync(join(SOURCES, file), 'utf8')
      return /Math\.random|Date\.now\(\)\.toString/.test(text)
    })

    expect(offenders).toEqual([])
  })

  it('the generator for tests, which can be predicted, is within reach of tests alone', () => {
    const users = listFiles(SOURCES, '.ts').filter((file) =>
      /seeded-random/.test(readFileSync(join(SOURCES, file), 'utf8')),
    )

    expect(users.filter((file) => !file.startsWith('testing/'))).toEqual([])
  })
})
