/**
 * The contract of both compression engines, tested against the RFC's examples and `node:zlib`.
 */

import { constants, deflateRawSync, inflateRawSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { DeflateEngine, InflateContext } from '../../src/extensions/deflate-contexts.ts'
import {
  FrameTooBigError,
  ProtocolViolation,
  ProtocolViolationError,
} from '../../src/protocol/index.ts'
import { hex, toHex } from '../support/bytes.ts'
import { COMPRESSED_HELLO, EMPTY_MESSAGE, HELLO_AGAIN } from '../vectors/rfc7692.ts'

const TAIL = hex('00 00 ff ff')

/** Deflated by the platform in one piece, without the octets that do not travel. */
export function deflated(bytes: Uint8Array): Uint8Array {
  const all = deflateRawSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH })
  return new Uint8Array(all.subarray(0, all.length - 4))
}

/**
 * Inflates all messages of a context with the platform. The output is taken in pieces of 64 bytes,
 * so that a distant reference must be inside the window.
 */
export function inflated(pieces: readonly Uint8Array[], windowBits: number): Uint8Array {
  const all = inflateRawSync(Buffer.concat(pieces), {
    windowBits,
    chunkSize: 64,
    finishFlush: constants.Z_SYNC_FLUSH,
  })
  return new Uint8Array(all)
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes)
}

function json(index: number): Uint8Array {
  return new TextEncoder().encode(
    JSON.stringify({
      id: index,
      type: 'message',
      room: 'general',
      text: `message ${index * 7919}`,
    }),
  )
}

/** Every promise, for one engine. */
export function deflateEngineSuite(engine: DeflateEngine): void {
  describe('InflateContext', () => {
    const inflate = async (message: string, limit = 1000): Promise<Uint8Array> => {
      const context = engine.createInflate(15)
      try {
        return await context.inflate(hex(message), limit)
      } finally {
        context.close()
      }
    }

    for (const { name, hex: message } of COMPRESSED_HELLO) {
      it(`inflate() reads ${name}`, async () => {
        expect(text(await inflate(message))).toBe('Hello')
      })
    }

    it('inflate() reads a message of no bytes', async () => {
      expect(await inflate(EMPTY_MESSAGE)).toEqual(new Uint8Array(0))
    })

    it('inflate() remembers the message before', async () => {
      const context = engine.createInflate(15)
      const first = await context.inflate(hex('f2 48 cd c9 c9 07 00'), 5)
      const second = await context.inflate(hex(HELLO_AGAIN), 5)
      context.close()

      expect([text(first), text(second)]).toEqual(['Hello', 'Hello'])
    })

    it('inflate() goes on after a block with BFINAL, with an empty window', async () => {
      const context = engine.createInflate(15)
      const messages = ['f3 48 cd c9 c9 07 00 00', 'f2 48 cd c9 c9 07 00', HELLO_AGAIN]
      const texts: string[] = []
      for (const message of messages) texts.push(text(await context.inflate(hex(message), 5)))
      context.close()

      expect(texts).toEqual(['Hello', 'Hello', 'Hello'])
    })

    it('reset() forgets: a reference to what came before is refused with 1007', async () => {
      const context = engine.createInflate(15)
      await context.inflate(hex('f2 48 cd c9 c9 07 00'), 5)
      context.reset()

      await expect(attempt(context, hex(HELLO_AGAIN), 5)).rejects.toMatchObject({ closeCode: 1007 })
      context.close()
    })

    it('inflate() works again after a failure and reset()', async () => {
      const context = engine.createInflate(15)
      await expect(attempt(context, hex('06 ff'), 5)).rejects.toThrow(ProtocolViolationError)
      context.reset()

      expect(text(await context.inflate(hex('f2 48 cd c9 c9 07 00'), 5))).toBe('Hello')
      context.close()
    })

    for (const [what, message] of [
      ['a block of the type that there is not', '06 ff'],
      ['a stored block whose lengths disagree', '00 05 00 fa fe 48 65 6c 6c 6f 00'],
      ['a reference to before the beginning', HELLO_AGAIN],
      ['a message that is cut off', 'f2 48 cd c9'],
      ['a message whose tail was left on it, cut off', '00 05 00 fa ff 48 65'],
      ['a block with BFINAL that nothing follows', 'f3 48 cd c9 c9 07 00'],
      ['rubbish behind the end', 'f2 48 cd c9 c9 07 00 00 00 ff ff 06'],
      ['text that is not compressed at all', '48 65 6c 6c 6f'],
    ] as const) {
      it(`inflate() refuses ${what} with 1007`, async () => {
        await expect(inflate(message)).rejects.toMatchObject({
          code: 'TOWPATH_PROTOCOL_VIOLATION',
          closeCode: 1007,
        })
      })
    }

    it('inflate() refuses a message of very many final blocks with 1007', async () => {
      const blocks = new Uint8Array(2 * 5000)
      for (let at = 0; at < blocks.length; at += 2) blocks[at] = 0x03
      const context = engine.createInflate(15)

      await expect(attempt(context, blocks, 1000)).rejects.toMatchObject({ closeCode: 1007 })
      context.close()
    })

    it('inflate() gives exactly `limit` bytes and refuses one more', async () => {
      const message = deflated(new Uint8Array(100_000).fill(7))
      const context = engine.createInflate(15)
      const whole = await context.inflate(message, 100_000)
      const tooMuch = attempt(context, message, 99_999)

      await expect(tooMuch).rejects.toThrow(FrameTooBigError)
      await expect(tooMuch).rejects.toMatchObject({ closeCode: 1009, limit: 99_999 })
      expect(whole.length).toBe(100_000)
      context.close()
    })

    // CVE-2018-1000518, CVE-2026-1526
    it('a decompression bomb of 1 GiB stops at the limit, and memory with it', async () => {
      const bomb = await bombOf(1024)
      expect(bomb.length).toBeLessThan(1_100_000)
      const context = engine.createInflate(15)
      const before = process.memoryUsage().arrayBuffers

      const error = await attempt(context, bomb, 1024 * 1024).catch((reason: unknown) => reason)

      expect(error).toMatchObject({ closeCode: 1009, limit: 1024 * 1024 })
      expect(error instanceof FrameTooBigError && error.size).toBeLessThan(1024 * 1024 + 65_537)
      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * 1024 * 1024)
      context.close()
    })

    it('close() may be called twice, and while inflating', async () => {
      const context = engine.createInflate(15)
      const pending = attempt(context, deflated(new Uint8Array(1_000_000)), Infinity).catch(
        () => {},
      )
      context.close()
      context.close()

      await pending
    })
  })

  describe('DeflateContext', () => {
    for (let windowBits = 8; windowBits <= 15; windowBits++) {
      it(`compress() with a window of ${windowBits} bits makes what node:zlib reads with it`, async () => {
        const context = engine.createDeflate({ windowBits, level: 6, memoryLevel: 5 })
        const messages = Array.from({ length: 200 }, (_, index) => json(index))
        const pieces: Uint8Array[] = []
        for (const message of messages) pieces.push(await context.compress(message))
        context.close()

        expect(inflated(pieces, windowBits)).toEqual(new Uint8Array(Buffer.concat(messages)))
        for (const piece of pieces) expect(toHex(piece.subarray(-4))).toBe('00 00 ff ff')
      })
    }

    it('compress() refers to the message before', async () => {
      const context = engine.createDeflate({ windowBits: 15, level: 6, memoryLevel: 8 })
      const message = new TextEncoder().encode('Hello')
      const first = await context.compress(message)
      const second = await context.compress(message)
      context.close()

      expect(toHex(first)).toBe('f2 48 cd c9 c9 07 00 00 00 ff ff')
      expect(toHex(second)).toBe('f2 00 11 00 00 00 00 ff ff')
    })

    it('reset() forgets the message before', async () => {
      const context = engine.createDeflate({ windowBits: 15, level: 6, memoryLevel: 8 })
      const message = new TextEncoder().encode('Hello')
      await context.compress(message)
      context.reset()

      expect(toHex(await context.compress(message))).toBe('f2 48 cd c9 c9 07 00 00 00 ff ff')
      context.close()
    })

    it('compress() lets the caller change its bytes afterwards', async () => {
      const context = engine.createDeflate({ windowBits: 15, level: 6, memoryLevel: 8 })
      const message = new TextEncoder().encode('Hello')
      const pending = context.compress(message)
      message.fill(0)

      expect(toHex(await pending)).toBe('f2 48 cd c9 c9 07 00 00 00 ff ff')
      context.close()
    })

    it('what compress() gave stays as it is when the next message comes', async () => {
      const context = engine.createDeflate({ windowBits: 15, level: 6, memoryLevel: 8 })
      const first = await context.compress(new TextEncoder().encode('Hello'))
      await context.compress(new Uint8Array(1000).fill(9))
      context.close()

      expect(toHex(first)).toBe('f2 48 cd c9 c9 07 00 00 00 ff ff')
    })
  })

  it('inflate() after compress() is the identity, for any messages, windows, levels and takeovers', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.oneof(
            fc.uint8Array({ minLength: 1, maxLength: 2000 }),
            fc
              .tuple(
                fc.uint8Array({ minLength: 1, maxLength: 20 }),
                fc.integer({ min: 1, max: 9000 }),
              )
              .map(([bytes, times]) =>
                new Uint8Array(bytes.length * times).map((_, at) => bytes[at % bytes.length] ?? 0),
              ),
          ),
          { minLength: 1, maxLength: 8 },
        ),
        fc.integer({ min: 8, max: 15 }),
        fc.integer({ min: 0, max: 9 }),
        fc.integer({ min: 1, max: 9 }),
        fc.boolean(),
        async (messages, windowBits, level, memoryLevel, keeps) => {
          const deflate = engine.createDeflate({ windowBits, level, memoryLevel })
          const inflate = engine.createInflate(windowBits)
          for (const message of messages) {
            const compressed = await deflate.compress(message)
            const travels = compressed.subarray(0, compressed.length - TAIL.length)
            const back = await inflate.inflate(travels, message.length)
            if (!Buffer.from(back).equals(message)) throw new Error('not the same')
            if (keeps) continue
            deflate.reset()
            inflate.reset()
          }
          deflate.close()
          inflate.close()
        },
      ),
      { numRuns: 60 },
    )
  })

  it('any bytes are inflated or refused with 1007 or 1009, within the limit', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 300 }), async (bytes) => {
        const context = engine.createInflate(15)
        const outcome = await attempt(context, bytes, 500).then(
          (inflated) => (inflated.length <= 500 ? 'within the limit' : 'beyond the limit'),
          (error: unknown) => (error instanceof ProtocolViolation ? error.closeCode : error),
        )
        context.close()

        expect(['within the limit', 1007, 1009]).toContain(outcome)
      }),
      { numRuns: 300 },
    )
  })
}

/** Throwing and rejecting alike. */
async function attempt(
  context: InflateContext,
  message: Uint8Array,
  limit: number,
): Promise<Uint8Array> {
  return await context.inflate(message, limit)
}

/** So many MiB of zeros, compressed. */
async function bombOf(mebibytes: number): Promise<Uint8Array> {
  const { createDeflateRaw } = await import('node:zlib')
  const stream = createDeflateRaw({ level: 9 })
  const pieces: Buffer[] = []
  stream.on('data', (piece: Buffer) => pieces.push(piece))
  const zeros = new Uint8Array(1024 * 1024)
  for (let count = 0; count < mebibytes; count++) {
    await new Promise<void>((resolve) => {
      stream.write(zeros, () => resolve())
    })
  }
  await new Promise<void>((resolve) => {
    stream.flush(constants.Z_SYNC_FLUSH, () => resolve())
  })
  stream.close()
  const all = Buffer.concat(pieces)
  return new Uint8Array(all.subarray(0, all.length - 4))
}
