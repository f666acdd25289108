import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import {
  ClosedReceiveChannelError,
  CloseReason,
  Frame,
  type WebSocketServerSession,
  WebSockets,
} from '../../src/index.ts'
import { withTestApplication } from '../../src/testing/index.ts'
import { echo, serving, textOf } from './applications.ts'

describe('handleWebSocketConversation()', () => {
  it('S-46 upgrades in memory and runs the block as the client', async () => {
    await withTestApplication(echo, async (t) => {
      let said = ''

      const call = await t.handleWebSocketConversation('/', async (incoming, outgoing) => {
        await outgoing.send(new Frame.Text('HELLO'))
        said = textOf(await incoming.receive())
      })

      expect(said).toBe('HELLO')
      expect(call.response.status).toBe(101)
      expect(call.response.headers.get('upgrade')).toBe('websocket')
      expect(call.response.headers.get('sec-websocket-accept')).toMatch(/^[\w+/]{27}=$/)
    })
  })

  it('S-46 sends what setup says: headers, cookies, subprotocols', async () => {
    await withTestApplication(async (t) => {
      const seen: unknown[] = []
      t.application.install(WebSockets)
      t.application.routing((route) => {
        route.intercept((call) => {
          call.response.headers.set('x-served-by', 'memory')
        })
        route.webSocket('/', { protocols: ['v1.chat'] }, ({ call, protocol }) => {
          seen.push(
            call.request.headers.get('x-tenant'),
            call.request.cookies.get('user'),
            protocol,
          )
        })
      })

      const setup = {
        headers: { 'X-Tenant': 'acme' },
        cookies: { user: 'ada' },
        protocols: ['v1.chat'],
      }
      const { response } = await t.handleWebSocketConversation('/', setup, () => {})

      expect(seen).toEqual(['acme', 'ada', 'v1.chat'])
      expect(response.headers.get('sec-websocket-protocol')).toBe('v1.chat')
      expect(response.headers.get('x-served-by')).toBe('memory')
    })
  })

  it('shows the client every frame, and answers none: pings and Close frames too', async () => {
    await withTestApplication(echo, async (t) => {
      await t.handleWebSocketConversation('/', async (incoming, outgoing) => {
        await outgoing.send(new Frame.Ping(Uint8Array.of(7)))
        expect(await incoming.receive()).toEqual(new Frame.Pong(Uint8Array.of(7)))
        await outgoing.send(new Frame.Close(new CloseReason(4000, 'enough')))
        expect(await incoming.receive()).toEqual(new Frame.Close(new CloseReason(4000)))
      })
    })
  })

  it('S-47 keeps the order of what is sent and received, each way', async () => {
    await withTestApplication(echo, async (t) => {
      const words = ['one', 'two', 'three', 'four', 'five']
      const answers: string[] = []

      await t.handleWebSocketConversation('/', async (incoming, outgoing) => {
        for (const word of words) await outgoing.send(word)
        while (answers.length < words.length) answers.push(textOf(await incoming.receive()))
      })

      expect(answers).toEqual(words)
    })
  })

  it('S-48 lets the block see the state of the server after each reply', async () => {
    const received: string[] = []
    const module = serving(async ({ incoming, send }) => {
      for await (const frame of incoming) {
        received.push(textOf(frame))
        await send(frame)
      }
    })

    await withTestApplication(module, async (t) => {
      await t.handleWebSocketConversation('/', async (incoming, outgoing) => {
        await outgoing.send('HELLO')
        await incoming.receive()
        expect(received).toEqual(['HELLO'])
        await outgoing.send('WORLD')
        await incoming.receive()
        expect(received).toEqual(['HELLO', 'WORLD'])
      })
    })
  })

  it('S-49 makes receive() throw ClosedReceiveChannelError when the block ends', async () => {
    let caught: unknown = null
    let served: WebSocketServerSession | null = null
    const module = serving(async (session) => {
      served = session
      await session.incoming.receive().catch((error: unknown) => {
        caught = error
      })
    })

    await withTestApplication(module, async (t) => {
      await t.handleWebSocketConversation('/', () => {})

      expect(caught).toBeInstanceOf(ClosedReceiveChannelError)
      expect(await served?.closeReason).toEqual(new CloseReason(1006))
    })
  })

  it('S-49 sends what the block has sent before the client leaves', async () => {
    const texts: string[] = []
    const module = serving(async ({ incoming }) => {
      for await (const frame of incoming) texts.push(textOf(frame))
    })

    await withTestApplication(module, async (t) => {
      await t.handleWebSocketConversation('/', async (_incoming, outgoing) => {
        for (let index = 0; index < 200; index++) await outgoing.send(String(index))
      })
    })

    expect(texts).toHaveLength(200)
  })

  it('S-49 waits for the handler to finish, whatever it waits for', async () => {
    let finished = false
    const module = serving(async ({ incoming }) => {
      for await (const _ of incoming);
      await readFile(new URL(import.meta.url))
      finished = true
    })

    await withTestApplication(module, async (t) => {
      await t.handleWebSocketConversation('/', () => {})

      expect(finished).toBe(true)
    })
  })

  it('S-49 rethrows what the handler threw, which does not fail the test again', async () => {
    const boom = new Error('boom')
    const module = serving(async ({ incoming }) => {
      await incoming.receive()
      throw boom
    })

    await withTestApplication(module, async (t) => {
      const conversation = t.handleWebSocketConversation('/', async (_incoming, outgoing) => {
        await outgoing.send('go')
      })

      await expect(conversation).rejects.toBe(boom)
    })
  })

  it('S-49 rethrows nothing when the handler threw because the client had left', async () => {
    const module = serving(async ({ incoming }) => {
      for (;;) await incoming.receive()
    })

    await withTestApplication(module, async (t) => {
      await expect(t.handleWebSocketConversation('/', () => {})).resolves.toMatchObject({
        response: { status: 101 },
      })
    })
  })

  it('rejects with what the block threw, without waiting for a handler that waits for the test', async () => {
    const assertion = new Error('not what was expected')
    let release = (): void => {}
    const module = serving(
      () =>
        new Promise((resolve) => {
          release = resolve
        }),
    )

    await withTestApplication(module, async (t) => {
      const conversation = t.handleWebSocketConversation('/', () => {
        throw assertion
      })

      await expect(conversation).rejects.toBe(assertion)
      release()
    })
  })

  it('rejects with both when handler and block have thrown', async () => {
    const boom = new Error('boom')
    const module = serving(() => {
      throw boom
    })

    await withTestApplication(module, async (t) => {
      const assertion = new Error('not what was expected')
      const conversation = t.handleWebSocketConversation('/', async (incoming) => {
        await incoming.receive()
        throw assertion
      })

      await expect(conversation).rejects.toMatchObject({ errors: [boom, assertion] })
    })
  })

  it('does not run the block when the upgrade is refused: the call has the answer', async () => {
    await withTestApplication(async (t) => {
      t.application.install(WebSockets)
      t.application.routing((route) => {
        route.intercept(
          () => new Response('who are you?', { status: 401, headers: { 'x-a': '1' } }),
        )
        route.webSocket('/', () => {})
      })
      let ran = false

      const { response } = await t.handleWebSocketConversation('/', () => {
        ran = true
      })

      expect(ran).toBe(false)
      expect([response.status, response.body]).toEqual([401, 'who are you?'])
      expect(response.headers.get('x-a')).toBe('1')
    })
  })

  it('answers 404 for a path without a route', async () => {
    await withTestApplication(async (t) => {
      const { response } = await t.handleWebSocketConversation('/nowhere', () => {})

      expect(response.status).toBe(404)
      expect(response.body).toBe('Cannot upgrade: no route has this path\n')
    })
  })

  it('holds several conversations at once, each with its own failure', async () => {
    const module = serving(async ({ incoming, call }) => {
      const name = textOf(await incoming.receive())
      if (name === 'bad') throw new Error(`${name} on ${call.request.path}`)
    })

    await withTestApplication(module, async (t) => {
      const say = (name: string): Promise<unknown> =>
        t.handleWebSocketConversation('/', async (_incoming, outgoing) => outgoing.send(name))

      const outcomes = await Promise.allSettled([say('good'), say('bad'), say('good')])

      expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    })
  })
})
