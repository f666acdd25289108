import { once } from 'node:events'
import { createServer, IncomingMessage } from 'node:http'
import { describe, expect, it } from 'vitest'

import {
  type ApplicationCall,
  createApplication,
  type Interceptor,
  WebSockets,
} from '../../../../src/application/index.ts'
import { Deferred } from '../../../../src/base/internal.ts'
import { attach } from '../../../../src/engines/node/attach.ts'
import { embeddedServer } from '../../../../src/engines/node/embedded-server.ts'
import { NodeRequestError } from '../../../../src/engines/node/errors.ts'
import { nodeRequest } from '../../../../src/engines/node/upgrades/node-request.ts'
import { throughMiddleware } from '../../../../src/engines/node/upgrades/through-middleware.ts'
import { Frame } from '../../../../src/protocol/index.ts'
import { withTestApplication } from '../../../../src/testing/index.ts'
import { listen, RawClient } from '../../../support/loopback.ts'
import { upgradeRequest } from '../../../support/loopback-world.ts'

/** What `nodeRequest(call)` returns or throws. */
function tried(call: ApplicationCall): unknown {
  try {
    return nodeRequest(call)
  } catch (error) {
    return error
  }
}

const reasonOf = (value: unknown): unknown =>
  value instanceof NodeRequestError ? value.reason : value

describe('nodeRequest()', () => {
  it('returns the request of Node to an interceptor, and throws after the decision', async () => {
    let inside: unknown
    const later = new Deferred<unknown>()
    const app = createApplication()
    app.install(WebSockets)
    app.routing((route) => {
      route
        .webSocket('/', ({ call }) => void later.resolve(tried(call)))
        .intercept((call) => {
          inside = nodeRequest(call)
        })
    })
    const server = createServer()
    const attachment = attach(app, server)
    await using client = await RawClient.connect(await listen(server))

    client.send(upgradeRequest('/'))

    expect(reasonOf(await later.promise)).toBe('decided')
    expect(inside).toBeInstanceOf(IncomingMessage)
    client.socket.destroy()
    await attachment.stop()
    server.close()
    await once(server, 'close')
  })

  it('throws at the front door of embeddedServer, where no request of Node exists', async () => {
    const seen = new Deferred<unknown>()
    await using server = await served((call) => void seen.resolve(tried(call)))
    await using client = await RawClient.connect(server.address.port)

    client.send(upgradeRequest('/'))

    expect(await seen.promise).toMatchObject({ reason: 'none', code: 'TOWPATH_NODE_REQUEST' })
    client.socket.destroy()
  })

  it('works in embeddedServer below throughMiddleware()', async () => {
    const seen = new Deferred<unknown>()
    await using server = await served(throughMiddleware(), (call) => void seen.resolve(tried(call)))
    await using client = await RawClient.connect(server.address.port)

    client.send(upgradeRequest('/'))

    expect(await seen.promise).toBeInstanceOf(IncomingMessage)
    client.socket.destroy()
  })

  it('throws in memory', async () => {
    await withTestApplication(
      (app) => {
        app.install(WebSockets)
        app.routing((route) => {
          route.webSocket('/', ({ call, send }) => send(String(reasonOf(tried(call)))))
        })
      },
      async (t) => {
        const session = await t.connect('/')

        const frame = await session.incoming.receive()
        expect(frame instanceof Frame.Text && frame.readText()).toBe('none')
      },
    )
  })
})

/** A server of our own with these interceptors at `/`. */
async function served(...interceptors: readonly Interceptor[]) {
  const server = embeddedServer({ port: 0, host: '127.0.0.1' }, (app) => {
    app.install(WebSockets)
    app.routing((route) => {
      for (const interceptor of interceptors) route.intercept(interceptor)
      route.webSocket('/', ({ send }) => send('hello'))
    })
  })
  return server.start()
}
