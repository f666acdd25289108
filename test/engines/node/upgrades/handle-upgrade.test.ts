import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { describe, expect, it } from 'vitest'

import {
  type Application,
  createApplication,
  WebSockets,
} from '../../../../src/application/index.ts'
import { attach } from '../../../../src/engines/node/attach.ts'
import {
  handleUpgrade,
  type UpgradeResult,
} from '../../../../src/engines/node/upgrades/handle-upgrade.ts'
import { listen, RawClient } from '../../../support/loopback.ts'
import { upgradeRequest } from '../../../support/loopback-world.ts'

const nothing = (): void => {}

function application(): Application {
  const logger = { debug: nothing, info: nothing, warn: nothing, error: nothing }
  const app = createApplication(undefined, { logger })
  app.install(WebSockets)
  app.routing((route) => {
    route.webSocket('/hello', ({ send }) => send('hello'))
    route.webSocket('/closed', nothing).intercept(() => new Response('no', { status: 401 }))
    route
      .webSocket('/slow', ({ send }) => send('hello'))
      .intercept(async () => {
        await new Promise((resolve) => setImmediate(resolve))
      })
    route.webSocket('/broken', nothing).intercept(() => {
      throw new Error('broken')
    })
  })
  return app
}

/** A server whose upgrades go to `app` by hand, and what became of each. */
class World implements AsyncDisposable {
  readonly server: Server = createServer()
  readonly results: Array<Promise<UpgradeResult>> = []
  readonly app = application()
  readonly #clients: RawClient[] = []

  constructor() {
    this.server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      const result = handleUpgrade(this.app, request, socket, head)
      result.catch(nothing)
      this.results.push(result)
    })
  }

  async send(text: string): Promise<RawClient> {
    const { server } = this
    const address = server.address()
    const port = typeof address === 'object' && address ? address.port : await listen(server)
    const client = await RawClient.connect(port)
    this.#clients.push(client)
    const asked = once(server, 'upgrade')
    client.send(text)
    await asked
    return client
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) client.socket.destroy()
    this.server.close()
    await once(this.server, 'close')
  }
}

describe('handleUpgrade()', () => {
  it('resolves with accepted when the session has begun', async () => {
    await using world = new World()
    const client = await world.send(upgradeRequest('/hello'))

    expect(await world.results[0]).toBe('accepted')
    expect(await client.until((text) => text.includes('hello'))).toMatch(/^HTTP\/1\.1 101 /)
  })

  it('resolves with refused when an interceptor answers, and when one throws', async () => {
    await using world = new World()
    const closed = await world.send(upgradeRequest('/closed'))
    const broken = await world.send(upgradeRequest('/broken'))
    await closed.ended
    await broken.ended

    expect(await Promise.all(world.results)).toEqual(['refused', 'refused'])
    expect(closed.text).toMatch(/^HTTP\/1\.1 401 /)
    expect(broken.text).toMatch(/^HTTP\/1\.1 500 /)
  })

  it('resolves with unclaimed for paths that the application does not have, and leaves the socket', async () => {
    await using world = new World()
    world.server.on('upgrade', (_request, socket) => socket.on('error', nothing))
    let taken: Duplex | null = null
    world.server.on('upgrade', (_request, socket: Duplex) => (taken = socket))
    const client = await world.send(upgradeRequest('/elsewhere'))

    expect(await world.results[0]).toBe('unclaimed')
    ;(taken as Duplex | null)?.end('HTTP/1.1 418 \r\n\r\n')
    await client.ended
    expect(client.text).toBe('HTTP/1.1 418 \r\n\r\n')
  })

  it('keeps another listener from destroying the socket while the application decides', async () => {
    await using world = new World()
    world.server.on('upgrade', (_request, socket: Duplex) => socket.destroy())
    const client = await world.send(upgradeRequest('/slow'))

    expect(await client.until((text) => text.includes('hello'))).toMatch(/^HTTP\/1\.1 101 /)
    expect(await world.results[0]).toBe('accepted')
  })

  it('rejects for a request that an attached application is answering', async () => {
    await using world = new World()
    const attachment = attach(world.app, world.server)
    const client = await world.send(upgradeRequest('/hello'))

    await expect(world.results[0]).rejects.toThrow(/is answering this request already/)
    await client.until((text) => text.includes('hello'))
    client.socket.destroy()
    await attachment.stop()
  })

  it('rejects for what is not an upgrade of Node', async () => {
    const app = application()
    const call = handleUpgrade as (...args: readonly unknown[]) => Promise<UpgradeResult>

    await expect(call(app, {}, {}, new Uint8Array(0))).rejects.toThrow(
      'Cannot handle an upgrade: the request is an object, expected an IncomingMessage of node:http',
    )
  })
})
