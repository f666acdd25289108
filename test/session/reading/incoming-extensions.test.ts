import { deflateRawSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import type { ExtensionFrame } from '../../../src/extensions/index.ts'
import { Frame, ProtocolViolationError } from '../../../src/protocol/index.ts'
import { clientFrame } from '../../support/peer.ts'
import { settled } from '../../support/memory-world.ts'
import { defaultSession } from '../../support/session.ts'
import { compressedFrame, custom, deflate } from '../../support/extensions.ts'
import { hex, toHex } from '../../support/bytes.ts'

function appending(byte: number) {
  return (message: ExtensionFrame): void => {
    message.payload = Uint8Array.from([...message.payload, byte])
  }
}

const QUESTION = new TextEncoder().encode('\0towpath:ping:1')

describe('IncomingExtensions', () => {
  it('leads messages through the extensions against the order of installation', async () => {
    const { session, peer } = defaultSession({
      extensions: [
        custom(0, { incoming: appending(0x0a) }),
        custom(0, { incoming: appending(0x0b) }),
      ],
    })
    peer.send(clientFrame('binary', hex('01')))

    expect(toHex((await session.incoming.receive()).buffer)).toBe('01 0b 0a')
  })

  it('shows whole messages to extensions', async () => {
    const seen: string[] = []
    const incoming = (message: ExtensionFrame): void => {
      seen.push(`${message.type} ${message.isFirst} ${message.fin} ${toHex(message.payload)}`)
    }
    const { session, peer } = defaultSession({ extensions: [custom(0, { incoming })] })
    peer.send(clientFrame('text', 'a', { fin: false }))
    peer.send(clientFrame('continuation', 'b'))
    await session.incoming.receive()

    expect(seen).toEqual(['text true true 61 62'])
  })

  it('answers the question of a heartbeat that was compressed, and shows it to nobody', async () => {
    const { session, peer } = defaultSession({ extensions: [deflate('auto')] })
    const question = new TextEncoder().encode('\0towpath:ping:1')
    peer.send(compressedFrame('text', Uint8Array.of(...deflateRawSync(question), 0)))
    peer.text('\0towpath:ping:2')

    expect(await peer.read(34)).toBe(
      '81 0f 00 74 6f 77 70 61 74 68 3a 70 6f 6e 67 3a 31 81 0f 00 74 6f 77 70 61 74 68 3a 70 6f 6e 67 3a 32',
    )
    expect(session.incoming.tryReceive().type).toBe('empty')
  })

  it('goes on answering when nobody reads any more, a peer that has asked before', async () => {
    const { session, peer } = defaultSession({
      extensions: [custom(0, { incoming: (message) => void (message.payload = QUESTION) })],
    })
    peer.text('a')
    await peer.read(17)
    session.incoming.cancel()
    peer.text('b')
    await peer.read(17)

    const quiet = defaultSession({
      extensions: [custom(0, { incoming: (message) => void (message.payload = QUESTION) })],
    })
    quiet.session.incoming.cancel()
    quiet.peer.text('a')
    quiet.peer.send(clientFrame('ping', 'p'))
    expect(await quiet.peer.read(3)).toBe('8a 01 70')
  })

  it('goes on looking for the answers of a heartbeat of its own when nobody reads any more', async () => {
    const { session, peer } = defaultSession({
      extensions: [custom(0, { incoming: (message) => void (message.payload = QUESTION) })],
    })
    const taken: Uint8Array[] = []
    session.listen({
      heard: () => {},
      takes: (text) => taken.push(Uint8Array.from(Buffer.from(text))) > 0,
      readingResumed: () => {},
    })
    session.incoming.cancel()

    peer.text('a')
    await settled()

    expect(taken).toEqual([QUESTION])
  })

  it('checks the UTF-8 of text that an extension has changed', async () => {
    const { session, peer } = defaultSession({
      extensions: [custom(0, { incoming: appending(0xff) })],
    })
    peer.text('a')

    await expect(session.incoming.receive()).rejects.toMatchObject({ closeCode: 1007 })
    expect(await peer.rest()).toBe('88 02 03 ef')
  })

  it('holds frames back while an extension takes its time, so that all stay in order', async () => {
    const turns: Array<() => void> = []
    const { session, peer } = defaultSession({
      extensions: [
        custom(0, {
          incoming: () =>
            new Promise((resolve) => {
              turns.push(resolve)
            }),
        }),
      ],
    })
    peer.text('first')
    peer.text('second')
    peer.send(clientFrame('ping', 'p'))
    peer.close(1000)
    peer.end()
    await settled()
    expect(turns).toHaveLength(1)
    expect(peer.inbox.unread).toHaveLength(0)

    turns[0]?.()
    await settled()
    turns[1]?.()
    const texts = (await session.incoming.toArray()).map((frame) =>
      frame instanceof Frame.Text ? frame.readText() : '',
    )

    expect(texts).toEqual(['first', 'second'])
    expect(await peer.rest()).toBe('8a 01 70 88 02 03 e8')
  })

  for (const [how, incoming] of [
    [
      'throws',
      () => {
        throw new ProtocolViolationError(1002, 'Cannot accept message: it is not signed')
      },
    ],
    [
      'rejects with',
      () => Promise.reject(new ProtocolViolationError(1002, 'Cannot accept: it is not signed')),
    ],
  ] as const) {
    it(`fails the session as the violation says that an extension ${how}`, async () => {
      const { session, peer, heard } = defaultSession({ extensions: [custom(0, { incoming })] })
      peer.text('a')

      await expect(session.incoming.receive()).rejects.toBeInstanceOf(ProtocolViolationError)
      expect(await peer.rest()).toBe('88 02 03 ea')
      expect(heard.failures).toEqual([])
    })
  }

  it('ends the session with 1011 for anything else that an extension throws, and reports it once', async () => {
    const { session, peer, heard } = defaultSession({
      extensions: [
        custom(0, {
          incoming: () => {
            throw new Error('a bug')
          },
        }),
      ],
    })
    peer.text('a')
    peer.text('b')

    await expect(session.incoming.receive()).rejects.toThrow('a bug')
    expect(await peer.rest()).toBe('88 02 03 f3')
    expect(heard.failures).toEqual([new Error('a bug')])
  })

  it('delivers nothing when the session has ended meanwhile', async () => {
    const turns: Array<() => void> = []
    const { session, peer } = defaultSession({
      extensions: [
        custom(0, {
          incoming: () =>
            new Promise((resolve) => {
              turns.push(resolve)
            }),
        }),
      ],
    })
    peer.text('a')
    await settled()
    session.terminate()
    await session.closed
    turns[0]?.()
    await settled()

    expect(await session.incoming.toArray()).toEqual([])
  })
})
