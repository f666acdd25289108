/**
 * What every transport over a socket promises, whatever it is made of: reading, writing, ending.
 */

import { AsyncLocalStorage } from 'node:async_hooks'
import { once } from 'node:events'
import type { Duplex } from 'node:stream'
import { describe, expect, it } from 'vitest'

import { reportEnd } from '../../src/engines/node/transports/ends-per-turn.ts'
import type { Transport, TransportReceiver } from '../../src/session/index.ts'
import { WriteProgress } from '../../src/session/writing/write-progress.ts'
import { socketPair } from '../support/loopback.ts'
import { memoryEnvironment } from '../support/memory-world.ts'

/** A receiver that writes down what it is told, and lets a test wait for it. */
export class Recorder implements TransportReceiver {
  readonly log: string[] = []
  cause: Error | null = null
  react: (event: string) => void = () => {}
  #text = ''
  #changed: () => void = () => {}

  receive(bytes: Uint8Array): void {
    this.#text += Buffer.from(bytes).toString('latin1')
    this.#note('receive')
  }

  unread(_bytes: number): void {}

  receiveEnd(): void {
    this.#note('receiveEnd')
  }

  drained(): void {
    this.#note('drained')
  }

  closed(cause: Error | null): void {
    this.cause = cause
    this.#note('closed')
  }

  get text(): string {
    return this.#text
  }

  /** The events without the number of pieces that the bytes came in. */
  get events(): string[] {
    return this.log.filter((event, index) => event !== 'receive' || this.log[index - 1] !== event)
  }

  async until(ready: (recorder: Recorder) => boolean): Promise<void> {
    while (!ready(this)) {
      await new Promise<void>((resolve) => {
        this.#changed = resolve
      })
    }
  }

  #note(event: string): void {
    this.log.push(event)
    this.react(event)
    this.#changed()
  }
}

/** Reads `stream` until it ends or fails. @returns how many bytes have come. */
async function countToEnd(stream: Duplex): Promise<number> {
  let received = 0
  stream.on('data', (bytes: Uint8Array) => (received += bytes.length))
  await new Promise((resolve) => stream.once('end', resolve).once('error', resolve))
  return received
}

/** What a loopback peer has written is read in the next turn, if anything reads. */
async function turnOfLoop(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
  await new Promise((resolve) => setImmediate(resolve))
}

export const isClosed = (recorder: Recorder): boolean => recorder.log.includes('closed')
export const hasEnded = (recorder: Recorder): boolean => recorder.log.includes('receiveEnd')

/**
 * Connections that end all the time, so that each other end waits for a later turn, until it is
 * disposed.
 */
function endingCrowd(): Disposable & { turns(): Promise<void> } {
  let isOver = false
  const one = {
    tellEnd: (): void => {
      if (!isOver) reportEnd(one)
    },
  }
  for (let count = 0; count < 200; count++) reportEnd(one)
  return {
    async turns() {
      for (let turn = 0; turn < 8; turn++) await turnOfLoop()
    },
    [Symbol.dispose]: () => void (isOver = true),
  }
}

/** Both ends of a connection. Only TCP can be reset. */
export interface DuplexPair extends AsyncDisposable {
  readonly accepted: Duplex
  readonly connecting: Duplex & { resetAndDestroy?(): unknown }
}

/** Runs the contract on transports that `transportOver` makes from one end of `open`. */
export function transportSuite(
  name: string,
  transportOver: (stream: Duplex, head?: Uint8Array) => Transport,
  open: () => Promise<DuplexPair> = socketPair,
): void {
  /** Node resets TCP connections alone. */
  const isTcp = open === socketPair

  progressSuite(name, transportOver, open)

  describe(`a transport, ${name}`, () => {
    describe('while many other connections end', () => {
      it('tells of the end of the peer and then of the close, once each', async () => {
        using crowd = endingCrowd()
        await using pair = await open()
        const transport = transportOver(pair.accepted)
        const recorder = new Recorder()
        transport.start(recorder)

        pair.connecting.end('bye')
        await recorder.until(hasEnded)
        transport.end()
        await recorder.until(isClosed)
        await crowd.turns()

        expect(recorder.events).toEqual(['receive', 'receiveEnd', 'closed'])
      })

      it('tells of the close alone after abort()', async () => {
        using crowd = endingCrowd()
        await using pair = await open()
        const transport = transportOver(pair.accepted)
        const recorder = new Recorder()
        recorder.react = (event) => {
          if (event === 'receive') transport.abort()
        }
        transport.start(recorder)

        pair.connecting.end('bye')
        await recorder.until(isClosed)
        await crowd.turns()

        expect(recorder.events).toEqual(['receive', 'closed'])
      })
    })

    describe('reading', () => {
      it('start() delivers the head first, then the rest, and nothing before it returns', async () => {
        await using pair = await open()
        const transport = transportOver(pair.accepted, Buffer.from('head '))
        const recorder = new Recorder()
        pair.connecting.write('tail')

        transport.start(recorder)
        const atOnce = [...recorder.log]
        await recorder.until((r) => r.text === 'head tail')

        expect(atOnce).toEqual([])
      })

      it('pause() keeps bytes and the end back until resume()', async () => {
        await using pair = await open()
        const transport = transportOver(pair.accepted, Buffer.from('a'))
        const recorder = new Recorder()
        recorder.react = (event) => {
          if (event === 'receive' && recorder.text === 'a') transport.pause()
        }
        transport.start(recorder)
        await recorder.until((r) => r.text === 'a')
        pair.connecting.end('b')
        await once(pair.connecting, 'finish')
        await turnOfLoop()

        expect(recorder.log).toEqual(['receive'])
        transport.resume()
        await recorder.until(hasEnded)
        expect(recorder.text).toBe('ab')
      })

      it('pause() before the first byte holds', async () => {
        await using pair = await open()
        const transport = transportOver(pair.accepted)
        const recorder = new Recorder()
        transport.start(recorder)
        transport.pause()
        pair.connecting.write('x')
        await turnOfLoop()

        expect(recorder.log).toEqual([])
        transport.resume()
        await recorder.until((r) => r.text === 'x')
      })

      it('receiveEnd() is called once, and the other direction stays open', async () => {
        await using pair = await open()
        const transport = transportOver(pair.accepted)
        const recorder = new Recorder()
        transport.start(recorder)
        pair.connecting.end('last')
        await recorder.until(hasEnded)

        transport.write(Buffer.from('still here'))
        transport.end()
        const [answer] = await once(pair.connecting, 'data')
        await recorder.until(isClosed)

        expect(String(answer)).toBe('still here')
        expect(recorder.events).toEqual(['receive', 'receiveEnd', 'closed'])
        expect(recorder.cause).toBeNull()
      })
    })

    describe('writing', () => {
      it('write() answers taken when the kernel has all of it', async () => {
        await using pair = await open()
        const transport = transportOver(pair.accepted)
        transport.start(new Recorder())

        expect(transport.write(Buffer.from('hello'))).toBe('taken')
        expect(transport.queuedBytes).toBe(0)
        const [bytes] = await once(pair.connecting, 'data')
        expect(String(bytes)).toBe('hello')
      })

      it('write() answers queued when the peer does not read, and drained() follows once', async () => {
        await using pair = await open()
        const transport = transportOver(pair.accepted)
        const recorder = new Recorder()
        transport.start(recorder)
        const block = Buffer.alloc(1 << 20, 7)
        let sent = 0
        while (transport.write(block) === 'taken') sent += block.length
        transport.write(block)
        sent += 2 * block.length
        const queued = transport.queuedBytes

        let received = 0
        pair.connecting.on('data', (bytes) => (received += bytes.length))
        await recorder.until((r) => r.log.includes('drained'))
        transport.end()
        await once(pair.connecting, 'end')

        expect(queued).toBeGreaterThan(block.length)
        expect(transport.queuedBytes).toBe(0)
        expect(received).toBe(sent)
        expect(recorder.log).toEqual(['drained'])
      })

      it('drained() is called outside the async context of the code that wrote', async () => {
        await using pair = await open()
        const transport = transportOver(pair.accepted)
        const user = new AsyncLocalStorage<string>()
        const stores: Array<string | undefined> = []
        const recorder = new Recorder()
        recorder.react = (event) => {
          if (event === 'drained') stores.push(user.getStore())
        }
        transport.start(recorder)
        const block = Buffer.alloc(1 << 20, 7)
        user.run('alice', () => {
          while (transport.write(block) === 'taken');
          transport.write(block)
        })

        pair.connecting.resume()
        await recorder.until((r) => r.log.includes('drained'))

        expect(stores).toEqual([undefined])
      })

      it('write() does nothing after end(), and answers queued for good after abort()', async () => {
        await using pair = await open()
        const transport = transportOver(pair.accepted)
        const recorder = new Recorder()
        transport.start(recorder)

        transport.end()
        const afterEnd = transport.write(Buffer.from('x'))
        transport.abort()
        const afterAbort = transport.write(Buffer.from('x'))
        await recorder.until(isClosed)

        expect([afterEnd, afterAbort]).toEqual(['taken', 'queued'])
        expect(recorder.log).toEqual(['closed'])
        expect(recorder.cause).toBeNull()
      })
    })

    describe('ending', () => {
      it('end() flushes what is queued, then half-closes', async () => {
        await using pair = await open()
        const transport = transportOver(pair.accepted)
        const recorder = new Recorder()
        transport.start(recorder)
        const block = Buffer.alloc(1 << 20, 7)
        let sent = block.length
        while (transport.write(block) === 'taken') sent += block.length
        transport.end()
        transport.end()

        let received = 0
        pair.connecting.on('data', (bytes) => (received += bytes.length))
        await once(pair.connecting, 'end')
        pair.connecting.end('bye')
        await recorder.until(isClosed)

        expect(received).toBe(sent)
        expect(recorder.text).toBe('bye')
        expect(recorder.events).toEqual(['drained', 'receive', 'receiveEnd', 'closed'])
        expect(recorder.cause).toBeNull()
      })

      it('end() while the peer keeps sending loses nothing to a reset, even when paused', async () => {
        await using pair = await open()
        const transport = transportOver(pair.accepted)
        const recorder = new Recorder()
        transport.start(recorder)
        transport.pause()
        // More than the socket buffers hold: it gets through only if it is read after the end.
        const flood = Buffer.alloc(32 << 20, 1)
        pair.connecting.write(flood)

        transport.write(Buffer.from('close frame'))
        transport.end()
        transport.pause()
        pair.connecting.end()
        const chunks: string[] = []
        pair.connecting.on('data', (bytes) => chunks.push(String(bytes)))
        await recorder.until(isClosed)
        if (!pair.connecting.readableEnded) await once(pair.connecting, 'end')

        expect(chunks.join('')).toBe('close frame')
        expect(recorder.events.filter((event) => event !== 'drained')).toEqual([
          'receive',
          'receiveEnd',
          'closed',
        ])
        expect(recorder.text.length).toBe(flood.length)
        expect(recorder.cause).toBeNull()
      })

      it('abort() closes at once, after it has returned, and delivers nothing more', async () => {
        await using pair = await open()
        const transport = transportOver(pair.accepted, Buffer.from('head'))
        const recorder = new Recorder()
        recorder.react = (event) => {
          if (event === 'receive') transport.abort()
        }
        pair.connecting.write('more')

        transport.start(recorder)
        await recorder.until(isClosed)
        transport.abort()

        expect(recorder.log).toEqual(['receive', 'closed'])
        expect(recorder.text).toBe('head')
        expect(recorder.cause).toBeNull()
      })

      it('abort() lets what the kernel has taken go out', async () => {
        await using pair = await open()
        const transport = transportOver(pair.accepted)
        const recorder = new Recorder()
        transport.start(recorder)

        if (transport.write(Buffer.from('close frame')) === 'queued') {
          await recorder.until((r) => r.log.includes('drained'))
        }
        transport.abort()

        const [bytes] = await once(pair.connecting, 'data')
        expect(String(bytes)).toBe('close frame')
      })

      it.runIf(isTcp)(
        'abort() drops what the kernel holds for a peer that has let bytes pile up',
        async () => {
          await using pair = await open()
          const transport = transportOver(pair.accepted)
          const recorder = new Recorder()
          transport.start(recorder)
          const block = Buffer.alloc(1 << 20, 7)
          let taken = 0
          while (transport.write(block) === 'taken') taken += block.length

          transport.abort()
          await recorder.until(isClosed)
          const received = await countToEnd(pair.connecting)

          // Without the reset the kernel goes on to deliver all that it has taken.
          expect(received).toBeLessThan(taken)
          expect(recorder.log).toEqual(['closed'])
          expect(transport.queuedBytes).toBe(0)
        },
      )

      it.runIf(isTcp)(
        'abort() after end() closes a connection whose peer does not read, and sends no more',
        async () => {
          await using pair = await open()
          const transport = transportOver(pair.accepted)
          const recorder = new Recorder()
          transport.start(recorder)
          pair.connecting.end()
          await recorder.until(hasEnded)
          // Much more than the kernel takes.
          const sent = 32 << 20

          expect(transport.write(Buffer.alloc(sent, 7))).toBe('queued')
          transport.end()
          transport.abort()
          await recorder.until(isClosed)
          const received = await countToEnd(pair.connecting)

          // A connection that is still open goes on to send all that was written.
          expect(received).toBeLessThan(sent)
          expect(recorder.log).toEqual(['receiveEnd', 'closed'])
          expect(transport.queuedBytes).toBe(0)
        },
      )

      it('abort() before start() is told as closed after it', async () => {
        await using pair = await open()
        const transport = transportOver(pair.accepted)
        transport.abort()
        const recorder = new Recorder()

        transport.start(recorder)
        await recorder.until(isClosed)

        expect(recorder.log).toEqual(['closed'])
      })

      it.runIf(isTcp)('closed() carries the reset of the peer', async () => {
        await using pair = await open()
        const transport = transportOver(pair.accepted)
        const recorder = new Recorder()
        transport.start(recorder)

        pair.connecting.resetAndDestroy?.()
        await recorder.until(isClosed)

        expect(recorder.log).toEqual(['closed'])
        expect(recorder.cause).toMatchObject({ code: 'ECONNRESET' })
      })

      it('queuedBytes shows that a large write moves, before all of it has gone', async () => {
        await using pair = await open()
        const transport = transportOver(pair.accepted)
        const recorder = new Recorder()
        transport.start(recorder)
        const bytes = Buffer.alloc(32 << 20, 1)
        expect(transport.write(bytes)).toBe('queued')
        const seen = new Set<number>()

        let received = 0
        const all = new Promise<void>((resolve) => {
          pair.connecting.on('data', (chunk) => {
            received += chunk.length
            seen.add(transport.queuedBytes)
            if (received === bytes.length) resolve()
          })
        })
        await Promise.all([all, recorder.until((r) => r.log.includes('drained'))])

        expect(seen.size).toBeGreaterThan(4)
        expect(transport.queuedBytes).toBe(0)
        expect(transport.bytesWritten).toBe(bytes.length)
      })

      it('end() in the middle of a large write comes after all of it', async () => {
        await using pair = await open()
        const transport = transportOver(pair.accepted)
        transport.start(new Recorder())
        const bytes = Buffer.from(Array.from({ length: 1 << 16 }, (_, at) => at % 251))
        const large = Buffer.concat(Array.from({ length: 128 }, () => bytes))
        transport.write(large)
        transport.write(Buffer.from('last'))
        transport.end()

        const chunks: Buffer[] = []
        for await (const chunk of pair.connecting) chunks.push(chunk as Buffer)

        expect(Buffer.concat(chunks).equals(Buffer.concat([large, Buffer.from('last')]))).toBe(true)
      })

      it.runIf(isTcp)(
        'probe() sends nothing, and finds a reset while reading is paused',
        async () => {
          await using pair = await open()
          const transport = transportOver(pair.accepted)
          const recorder = new Recorder()
          transport.pause()
          transport.start(recorder)
          transport.probe()
          transport.write(Buffer.from('seen'))
          const [bytes] = await once(pair.connecting, 'data')
          expect(String(bytes)).toBe('seen')

          pair.connecting.resetAndDestroy?.()
          await once(pair.connecting, 'close')
          transport.probe()
          await recorder.until(isClosed)

          expect(recorder.log).toEqual(['closed'])
          expect(recorder.cause).toMatchObject({ code: expect.stringMatching(/ECONNRESET|EPIPE/) })
        },
      )
    })
  })
}

/** The part of the contract that also holds where no write is ever `taken` at once. */
export function progressSuite(
  name: string,
  transportOver: (stream: Duplex, head?: Uint8Array) => Transport,
  open: () => Promise<DuplexPair>,
): void {
  describe(`a transport, ${name}`, () => {
    it('a small write that need not wait for the peer is no progress of writes', async () => {
      await using pair = await open()
      pair.connecting.resume()
      const transport = transportOver(pair.accepted)
      const recorder = new Recorder()
      transport.start(recorder)
      const progress = new WriteProgress(memoryEnvironment().clock, transport)

      let queued = 0
      for (let write = 0; write < 3; write++) {
        if (transport.write(Buffer.from('a ping')) === 'taken') continue
        queued += 1
        progress.queued()
        await recorder.until((r) => r.log.filter((event) => event === 'drained').length === queued)
        progress.drained()
      }

      expect(progress.movedAt).toBe(-Infinity)
    })
  })
}
