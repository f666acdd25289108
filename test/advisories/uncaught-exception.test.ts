/**
 * One client that ends the server: an exception after the handshake that nobody catches.
 *
 * CVE-2022-21676, CVE-2022-41940, CVE-2023-31125 (engine.io), CVE-2024-38355 (socket.io: unhandled
 * `error`).
 *
 * An uncaught exception or an unhandled rejection anywhere fails the run.
 */

import { describe, expect, it } from 'vitest'

import { memoryHost } from '../support/hosts.ts'
import { settled } from '../support/memory-world.ts'
import { clientClose, clientFrame } from '../support/peer.ts'
import { Frame, WebSockets } from '../../src/index.ts'

/** Text, a fragmented message with a ping in it, a large frame, and a Close. */
const CONVERSATION = join([
  clientFrame('text', 'hello'),
  clientFrame('binary', 'a', { fin: false }),
  clientFrame('ping', 'p'),
  clientFrame('continuation', 'b'),
  clientFrame('binary', new Uint8Array(200)),
  clientClose(1000, 'bye'),
])

function join(pieces: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(pieces.flatMap((piece) => [...piece]))
}

/** An echo, with everything that it is told about failures. */
async function serveEcho() {
  const host = memoryHost()
  const failures: unknown[] = []
  const served = await host.serve((app) => {
    app.install(WebSockets, { pingPeriod: { milliseconds: 100 } })
    app.monitor.on('handlerFailed', ({ error }) => failures.push(error))
    app.routing((route) => {
      route.webSocket('/', async ({ incoming, send, launch }) => {
        void launch(async () => {
          await send('from a task')
        })
        for await (const frame of incoming) {
          if (frame instanceof Frame.Text || frame instanceof Frame.Binary) await send(frame)
        }
      })
    })
  })
  return { host, served, failures }
}

describe('advisory: uncaught exception after the handshake', () => {
  it.each(['reset', 'fin', 'silence'] as const)(
    'a %s at any byte of a conversation ends that one session, and nothing else',
    async (fault) => {
      const { host, served, failures } = await serveEcho()
      const witness = await served.connect('/')
      await witness.read(13)

      for (let length = 0; length <= CONVERSATION.length; length++) {
        const peer = await served.connect('/')
        peer.send(CONVERSATION.subarray(0, length))
        await settled()
        if (fault === 'reset') peer.reset()
        else if (fault === 'fin') peer.end()
        else host.links.at(-1)?.cut()
      }
      await settled()

      witness.text('still here')
      expect(await witness.read(12)).toBe('81 0a 73 74 69 6c 6c 20 68 65 72 65')
      expect(failures).toEqual([])
      await served.stop()
      expect(host.links.every((link) => link.isOver || fault === 'silence')).toBe(true)
    },
  )

  it('every first byte there is, followed by anything, ends in a documented way', async () => {
    const { served, failures } = await serveEcho()
    for (let first = 0; first < 256; first++) {
      for (const second of [0x00, 0x80, 0xfe, 0xff, 0x7f]) {
        const peer = await served.connect('/')
        peer.send(Uint8Array.from([first, second, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]))
        peer.end()
      }
    }
    await settled()

    expect(failures).toEqual([])
    await served.stop()
  })
})
