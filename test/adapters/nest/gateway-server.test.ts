import type { IncomingMessage } from 'node:http'
import { describe, expect, it } from 'vitest'

import { GatewayServer, type NestClient } from '../../../src/adapters/nest/gateway-server.ts'
import { Deferred } from '../../../src/base/internal.ts'
import { WebSockets } from '../../../src/index.ts'
import { withTestApplication } from '../../../src/testing/index.ts'

// Passed on to the callbacks, unread.
const REQUEST = {} as IncomingMessage

describe('GatewayServer', () => {
  it('tells all callbacks of a client, and knows it until it has left', async () => {
    const server = new GatewayServer('/path')
    const told: NestClient[] = []
    const served = new Deferred<void>()
    const connected = new Deferred<void>()
    server.whenConnected((client) => told.push(client))
    server.whenConnected((client) => {
      told.push(client)
      connected.resolve()
    })

    await withTestApplication(async (t) => {
      t.application.install(WebSockets)
      t.application.routing((route) => {
        route.webSocket('/', async (session) => {
          await server.serve(session, REQUEST)
          served.resolve()
        })
      })
      const client = await t.connect('/')
      await connected.promise

      expect([...server.clients]).toEqual([told[0]])
      await client.close()
      await served.promise
    })

    expect(told.length).toBe(2)
    expect(told[0]).toBe(told[1])
    expect(server.clients.size).toBe(0)
  })
})
