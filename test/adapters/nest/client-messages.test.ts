import { describe, expect, it } from 'vitest'

import { bindMessages } from '../../../src/adapters/nest/client-messages.ts'
import type { NestClient } from '../../../src/adapters/nest/gateway-server.ts'
import type { NestObservable } from '../../../src/adapters/nest/nest-types.ts'
import { Deferred } from '../../../src/base/internal.ts'
import { asWebSocket } from '../../../src/interop/index.ts'
import { Frame, WebSockets } from '../../../src/index.ts'
import { withTestApplication } from '../../../src/testing/index.ts'

/** A stream of one value, as Nest makes it of what a handler returned. */
const transform = (data: unknown): NestObservable => ({
  subscribe(observer) {
    void Promise.resolve(data).then((value) => {
      if (value === 'broken') observer.error(new Error('of the stream'))
      else observer.next(value)
      observer.complete()
    })
    return { unsubscribe: () => {} }
  },
})

describe('bindMessages()', () => {
  it('answers events that have a handler, drops others, and reports errors of handlers and streams', async () => {
    const failures: string[] = []
    const reported = new Deferred<void>()
    const handlers = [
      { message: 'double', callback: (data: number) => data * 2 },
      { message: 'nothing', callback: () => undefined },
      { message: 'stream', callback: () => 'broken' },
      {
        message: 'throw',
        callback: () => {
          throw new Error('of the handler')
        },
      },
    ]
    await withTestApplication(async (t) => {
      t.application.install(WebSockets)
      t.application.routing((route) => {
        route.webSocket('/', async (session) => {
          const client: NestClient = Object.assign(asWebSocket(session), { session })
          const failed = ({ message }: Error): void => {
            if (failures.push(message) === 2) reported.resolve()
          }
          bindMessages({ client, handlers, transform, concurrency: 1, failed })
          await session.closed
        })
      })
      const client = await t.connect('/')
      for (const event of ['unknown', 'nothing', 'throw', 'stream', 'double']) {
        await client.send(JSON.stringify({ event, data: 21 }))
      }

      const frame = await client.incoming.receive()
      expect(frame instanceof Frame.Text && frame.readText()).toBe('42')
      await reported.promise
    })

    expect(failures).toEqual(['of the handler', 'of the stream'])
  })
})
