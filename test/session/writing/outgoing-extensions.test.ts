import { AsyncLocalStorage } from 'node:async_hooks'
import { describe, expect, it } from 'vitest'
import type { ExtensionFrame } from '../../../src/extensions/index.ts'
import { Frame } from '../../../src/protocol/index.ts'
import { settled } from '../../support/memory-world.ts'
import { defaultSession } from '../../support/session.ts'
import { custom } from '../../support/extensions.ts'
import { hex } from '../../support/bytes.ts'

/** Appends a byte, sets a bit. */
function appending(byte: number, bits: number) {
  return (frame: ExtensionFrame): void => {
    frame.payload = Uint8Array.from([...frame.payload, byte])
    frame.reservedBits |= bits
  }
}

describe('OutgoingExtensions', () => {
  it('leads data frames through the extensions in the order of installation', async () => {
    const { session, peer } = defaultSession({
      extensions: [
        custom(2, { outgoing: appending(0x0a, 2) }),
        custom(1, { outgoing: appending(0x0b, 1) }),
      ],
    })
    await session.send(hex('01'))

    expect(await peer.read(5)).toBe('b2 03 01 0a 0b')
  })

  it('puts no reserved bit on the wire that nobody claimed, nor on a continuation', async () => {
    const { session, peer } = defaultSession({
      extensions: [custom(2, { outgoing: appending(0x0a, 7) })],
    })
    await session.send(new Frame.Binary(hex('01'), { fin: false }))
    await session.send(new Frame.Binary(hex('02')))

    expect(await peer.read(4)).toBe('22 02 01 0a')
    expect(await peer.read(4)).toBe('80 02 02 0a')
  })

  it('says of each frame what it is', async () => {
    const seen: string[] = []
    const outgoing = (frame: ExtensionFrame): void => {
      seen.push(`${frame.type} ${frame.isFirst} ${frame.fin} ${frame.byteLength}`)
    }
    const { session } = defaultSession({ extensions: [custom(0, { outgoing })] })
    await session.send('é')
    await session.send(new Frame.Binary(hex('01'), { fin: false }))
    await session.send(new Frame.Ping())
    await session.send(new Frame.Binary(hex('02 03')))

    expect(seen).toEqual(['text true true 2', 'binary true false 1', 'binary false true 2'])
  })

  it('sends text that nobody touched as text', async () => {
    const { session, peer } = defaultSession({ extensions: [custom(0, {})] })
    await session.send('Hi')

    expect(await peer.read(4)).toBe('81 02 48 69')
  })

  it('are not called for a message of one user in the async context of another', async () => {
    const user = new AsyncLocalStorage<string>()
    const stores: Array<string | undefined> = []
    const turns: Array<() => void> = []
    const { session } = defaultSession({
      extensions: [
        custom(0, {
          outgoing: () => {
            stores.push(user.getStore())
            return new Promise((resolve) => turns.push(resolve))
          },
        }),
      ],
    })
    const alice = user.run('alice', () => session.send('hers'))
    const bob = user.run('bob', () => session.send('his'))
    turns.shift()?.()
    await settled()
    turns.shift()?.()
    await Promise.all([alice, bob])

    expect(stores).toEqual(['alice', undefined])
  })

  it('keeps the order while an extension takes its time, and lets pongs and pings pass', async () => {
    const turns: Array<() => void> = []
    const { session, peer } = defaultSession({
      extensions: [
        custom(0, {
          outgoing: () =>
            new Promise((resolve) => {
              turns.push(resolve)
            }),
        }),
      ],
    })
    const bytes = hex('01')
    await session.send(bytes)
    bytes.fill(9)
    await session.send(hex('02'))
    const flushed = session.flush()
    const closed = session.close()
    peer.send('89 80 00 00 00 00')
    expect(await peer.read(2)).toBe('8a 00')
    expect(session.bufferedAmount).toBe(2)

    turns.shift()?.()
    await settled()
    turns.shift()?.()
    await Promise.all([flushed, closed])

    expect(await peer.read(3)).toBe('82 01 01')
    expect(await peer.read(3)).toBe('82 01 02')
    expect(await peer.read(4)).toBe('88 02 03 e8')
  })

  it('makes senders wait while an extension takes its time', async () => {
    const { session } = defaultSession({
      extensions: [custom(0, { outgoing: () => new Promise(() => {}) })],
      outgoing: { capacity: 2, maxBytes: Infinity, onOverflow: 'suspend' },
    })
    await session.send('under way')
    await session.send('queued')
    await session.send('queued')

    expect(session.outgoing.trySend('too much')).toBe('full')
    session.terminate()
  })

  for (const [how, outgoing] of [
    [
      'throws',
      () => {
        throw new Error('a bug')
      },
    ],
    ['rejects', () => Promise.reject(new Error('a bug'))],
  ] as const) {
    it(`ends the session with 1011 when an extension ${how}, and sends nothing behind`, async () => {
      const { session, peer, heard } = defaultSession({ extensions: [custom(0, { outgoing })] })
      await session.send('one')
      await session.send('two').catch(() => {})

      expect(await peer.rest()).toBe('88 02 03 f3')
      peer.end()
      expect(heard.failures).toEqual([new Error('a bug')])
      expect(await session.closed).toMatchObject({ cause: new Error('a bug') })
    })
  }

  it('does not transform what a policy has dropped', async () => {
    const seen: number[] = []
    const { session, peer } = defaultSession({
      extensions: [custom(0, { outgoing: (frame) => void seen.push(frame.payload[0] ?? -1) })],
      outgoing: { capacity: 1, maxBytes: Infinity, onOverflow: 'drop-oldest' },
    })
    peer.pause()
    await session.send(new Uint8Array(200_000).fill(1))
    for (const byte of [2, 3, 4]) await session.send(new Uint8Array(10).fill(byte))
    peer.resume()
    await peer.read(200_010)
    await peer.read(12)

    expect(seen).toEqual([1, 4])
  })
})
