/**
 * The page, from "Installing" to "Usage as a Channel": its examples line by line, on one engine.
 */

import { describe, expect, it } from 'vitest'
import {
  type Application,
  ClosedReceiveChannelError,
  ClosedSendChannelError,
  CloseReason,
  type DefaultWebSocketServerSession,
  Frame,
  PluginMissingError,
  seconds,
  WebSockets,
} from '../../src/index.ts'
import { clientFrame, type Peer } from '../support/peer.ts'
import { Page, readText, type SeedHost } from './served.ts'

// "Client said BYE" with code 1000.
const CLIENT_SAID_BYE = '88 11 03 e8 43 6c 69 65 6e 74 20 73 61 69 64 20 42 59 45'

/** Runs these parts of the page on the engine of `createHost`. */
export function usage(createHost: () => SeedHost): void {
  const page = new Page(createHost())

  describe(`Installing, on ${page.host.name}`, () => {
    it('S-01 installs the feature called WebSockets', async () => {
      const served = await page.serve((app) => {
        app.install(WebSockets)
        app.routing((route) => {
          route.webSocket('/', ({ send }) => send('installed'))
        })
      })

      expect(WebSockets.name).toBe('WebSockets')
      expect(await readText(await served.connect('/'))).toBe('installed')
    })

    it('S-02 keeps each direction of a connection in order', async () => {
      const peer = await page.connect(async ({ incoming, send }) => {
        for await (const frame of incoming) await send(frame)
      })

      for (let index = 0; index < 300; index++) peer.text(String(index))

      for (let index = 0; index < 300; index++) expect(await readText(peer)).toBe(String(index))
    })

    it('S-03 shows frames: text, binary, ping, pong and close, final or not', async () => {
      const seen: string[] = []
      const served = await page.serve((app) => {
        app.install(WebSockets)
        app.routing((route) => {
          route.webSocketRaw('/', async ({ incoming }) => {
            for await (const frame of incoming) seen.push(`${frame.frameType} ${frame.fin}`)
          })
        })
      })
      const peer = await served.connect('/')

      peer.send(clientFrame('text', 'a', { fin: false }))
      peer.send(clientFrame('ping', ''))
      peer.send(clientFrame('continuation', 'b'))
      peer.send(clientFrame('binary', 'c'))
      peer.send(clientFrame('pong', ''))
      peer.close(1000)
      await peer.rest()

      expect(seen).toEqual(['1 false', '9 true', '1 true', '2 true', '10 true', '8 true'])
    })

    it('S-04 a webSocket route without the plugin fails where it is declared', async () => {
      const serving = page.serve((app) => {
        app.routing((route) => {
          route.webSocket('/', () => {})
        })
      })

      await expect(serving).rejects.toBeInstanceOf(PluginMissingError)
      await expect(serving).rejects.toThrow('expected app.install(WebSockets) before it')
    })

    it('S-05 takes the settings of the page, each of them optional', async () => {
      const settings = {
        pingPeriod: seconds(60),
        timeout: seconds(15),
        maxFrameSize: Number.MAX_SAFE_INTEGER,
        masking: false,
      }
      const [, session] = await page.open(settings)

      expect(session.pingInterval).toBe(60_000)
      expect(session.timeout).toBe(15_000)
      expect(session.maxFrameSize).toBe(Number.MAX_SAFE_INTEGER)
      expect(session.masking).toBe(false)
    })

    it('S-06 pingPeriod is null by default: pings are off', async () => {
      const [, session] = await page.open()

      expect(session.pingInterval).toBe(null)
    })

    it('S-07 timeout is 15 seconds by default', async () => {
      const [, session] = await page.open()

      expect(session.timeout).toBe(15_000)
    })

    it('S-08 maxFrameSize is no limit by default; past a limit the connection is closed', async () => {
      const [, unlimited] = await page.open()
      expect(unlimited.maxFrameSize).toBe(Infinity)

      const [peer, limited] = await page.open({ maxFrameSize: 4 })
      peer.text('four')
      peer.text('fives')

      expect(await peer.rest()).toBe('88 02 03 f1')
      expect(await limited.closeReason).toEqual(new CloseReason(1009))
    })

    it('S-09 masking is false by default: the server’s frames are not masked', async () => {
      const peer = await page.connect(({ send }) => send('Hello'))

      expect(await peer.read(7)).toBe('81 05 48 65 6c 6c 6f')
    })
  })

  describe(`Usage as a suspend actor, on ${page.host.name}`, () => {
    /** The first example of the page. */
    function actor(app: Application): void {
      app.install(WebSockets)
      app.routing((route) => {
        route.webSocket('/', async ({ incoming, outgoing, close }) => {
          while (true) {
            const frame = await incoming.receive()
            if (frame instanceof Frame.Text) {
              const text = frame.readText()
              await outgoing.send(new Frame.Text(`YOU SAID: ${text}`))
              if (text.toLowerCase() === 'bye') {
                void close(new CloseReason(CloseReason.Codes.NORMAL, 'Client said BYE'))
              }
            }
          }
        })
      })
    }

    async function connectToActor(): Promise<Peer> {
      const served = await page.serve(actor)
      return served.connect('/')
    }

    it('S-10 S-13 S-14 S-16 answers each text that it waits for', async () => {
      const peer = await connectToActor()

      peer.text('hello')
      expect(await readText(peer)).toBe('YOU SAID: hello')
      peer.text('world')
      expect(await readText(peer)).toBe('YOU SAID: world')
    })

    it('S-15 tells texts from other frames', async () => {
      const peer = await connectToActor()

      peer.send(clientFrame('binary', 'not for you'))
      peer.text('text')

      expect(await readText(peer)).toBe('YOU SAID: text')
    })

    it.each(['bye', 'BYE', 'Bye'])('S-17 S-18 closes after its answer to %s', async (bye) => {
      const peer = await connectToActor()

      peer.text(bye)

      expect(await readText(peer)).toBe(`YOU SAID: ${bye}`)
      expect(await peer.read(19)).toBe(CLIENT_SAID_BYE)
    })

    it('S-11 holds any number of conversations that wait at the same time', async () => {
      const served = await page.serve(actor)
      const peers = await Promise.all(Array.from({ length: 20 }, () => served.connect('/')))

      for (const [index, peer] of peers.entries()) peer.text(String(index))
      const answers = await Promise.all([...peers].reverse().map(readText))

      expect(answers).toEqual(peers.map((_, index) => `YOU SAID: ${peers.length - 1 - index}`))
    })

    it.each([
      ['closes explicitly', (peer: Peer) => peer.close(1000)],
      ['ends TCP', (peer: Peer) => peer.end()],
      ['resets TCP', (peer: Peer) => peer.reset()],
    ])(
      'S-19 the endless loop is no leak: receive() throws when the client %s',
      async (_how, leave) => {
        const caught: unknown[] = []
        const failures: unknown[] = []
        let over: (value?: unknown) => void = () => {}
        const handlerOver = new Promise((resolve) => {
          over = resolve
        })
        const served = await page.serve((app) => {
          app.install(WebSockets)
          app.monitor.on('handlerFailed', ({ error }) => failures.push(error))
          app.routing((route) => {
            route.webSocket('/', async ({ incoming }) => {
              try {
                while (true) await incoming.receive()
              } catch (error) {
                caught.push(error)
                throw error
              } finally {
                over()
              }
            })
          })
        })
        const peer = await served.connect('/')
        peer.text('one')
        await served.settle()

        leave(peer)
        await handlerOver
        await served.settle()

        expect(caught).toEqual([expect.any(ClosedReceiveChannelError)])
        expect(failures).toEqual([])
      },
    )

    it('S-20 after a local close(), receive() still works, and throws once the peer has answered', async () => {
      const seen: unknown[] = []
      const peer = await page.connect(async ({ incoming, close }) => {
        await close(new CloseReason(4000, 'enough'))
        try {
          while (true) seen.push(await incoming.receive())
        } catch (error) {
          seen.push(error)
        }
      })

      expect(await peer.read(10)).toBe('88 08 0f a0 65 6e 6f 75 67 68')
      peer.text('on its way')
      peer.close(4000)
      expect(await peer.rest()).toBe('')

      expect(seen).toEqual([expect.any(Frame.Text), expect.any(ClosedReceiveChannelError)])
    })
  })

  describe(`Usage as a Channel, on ${page.host.name}`, () => {
    /** The second example of the page. */
    function channel(app: Application, finished: () => void = () => {}): void {
      app.install(WebSockets)
      app.routing((route) => {
        route.webSocket('/', async ({ incoming, outgoing, close }) => {
          await incoming
            .mapNotNull((frame) => (frame instanceof Frame.Text ? frame : null))
            .consumeEach(async (frame) => {
              const text = frame.readText()
              await outgoing.send(new Frame.Text(`YOU SAID ${text}`))
              if (text.toLowerCase() === 'bye') {
                void close(new CloseReason(CloseReason.Codes.NORMAL, 'Client said BYE'))
              }
            })
          finished()
        })
      })
    }

    it('S-21 S-23 answers texts alone: YOU SAID <text>', async () => {
      const served = await page.serve(channel)
      const peer = await served.connect('/')

      peer.text('hello')
      peer.send(clientFrame('binary', 'nothing to say'))
      peer.text('world')

      expect(await readText(peer)).toBe('YOU SAID hello')
      expect(await readText(peer)).toBe('YOU SAID world')
    })

    it('S-17 S-23 closes after BYE', async () => {
      const served = await page.serve(channel)
      const peer = await served.connect('/')

      peer.text('BYE')

      expect(await readText(peer)).toBe('YOU SAID BYE')
      expect(await peer.read(19)).toBe(CLIENT_SAID_BYE)
    })

    it('S-22 S-24 consumeEach() returns when the client closes, and so the handler does', async () => {
      let finish: (value?: unknown) => void = () => {}
      const finished = new Promise((resolve) => {
        finish = resolve
      })
      const served = await page.serve((app) => channel(app, finish))
      const peer = await served.connect('/')

      peer.text('hello')
      expect(await readText(peer)).toBe('YOU SAID hello')
      peer.close(1000)

      expect(await peer.rest()).toBe('88 02 03 e8')
      await finished
    })

    it('S-24 the handler’s return ends the session', async () => {
      const peer = await page.connect(async ({ incoming, send }) => {
        await incoming.receive()
        await send('that was all')
      })

      peer.text('go')

      expect(await readText(peer)).toBe('that was all')
      expect(await peer.read(4)).toBe('88 02 03 e8')
    })

    it('S-24 what is sent after the handler has returned is rejected', async () => {
      let send: DefaultWebSocketServerSession['send'] | null = null
      const peer = await page.connect((session) => {
        send = session.send
      })

      expect(await peer.read(4)).toBe('88 02 03 e8')

      await expect(send!('late')).rejects.toBeInstanceOf(ClosedSendChannelError)
    })
  })
}
