import fc from 'fast-check'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { FrameTooBigError, TooManyFragmentsError } from '../../../src/protocol/errors.ts'
import { emptyPool, recycle } from '../../../src/protocol/block-pool.ts'
import type {
  FrameDecoderOptions,
  SessionDecoderOptions,
} from '../../../src/protocol/frames/decoder-options.ts'
import { FrameDecoder } from '../../../src/protocol/frames/frame-decoder.ts'
import type { PartSink, PayloadPart } from '../../../src/protocol/payload-part.ts'
import { hex, toHex } from '../../support/bytes.ts'
import { FRAME_EXAMPLES, LENGTH_EXAMPLES } from '../../vectors/rfc6455.ts'
import { concat, decode, decodeBytewise, recorded, Recorder, ROLES, utf8, wire } from '../wire.ts'

afterEach(() => {
  vi.restoreAllMocks()
})

describe('FrameDecoder, examples', () => {
  for (const { name, to, hex: bytes, events } of FRAME_EXAMPLES) {
    it(`FrameDecoder reads ${name} (§5.7)`, () => {
      expect(decode(to, hex(bytes))).toEqual(events)
      expect(decodeBytewise(to, hex(bytes))).toEqual(events)
    })
  }

  for (const { size, header } of LENGTH_EXAMPLES) {
    it(`FrameDecoder reads a binary message of ${size} bytes (§5.7)`, () => {
      const payload = new Uint8Array(size).map((_, at) => at)

      expect(decode('client', concat(hex(header), payload))).toEqual([
        `binary fin ${toHex(payload)}`,
      ])
    })
  }

  it('FrameDecoder keeps a message that was begun, or that failed, apart from other connections', () => {
    const [begun, failed, other] = ['begun', 'failed', 'other'].map(() => new Recorder())
    const [a, b, c] = [begun, failed, other].map(
      (recorder) => new FrameDecoder(recorder ?? new Recorder(), { role: 'client' }),
    )
    a?.receive(hex('01 01 c3')) // the first byte of a character
    b?.receive(hex('81 01 ff')) // not UTF-8
    c?.receive(hex('81 01 61 82 01 62'))
    b?.receive(hex('81 01 61'))
    c?.receive(hex('81 01 c3')) // ends inside a character
    a?.receive(hex('80 01 a9'))

    expect(begun?.events).toEqual(['text part c3', 'text fin a9'])
    expect(failed?.events.length).toBe(1)
    expect(other?.events.slice(0, 2)).toEqual(['text fin 61', 'binary fin 62'])
    expect(other?.events.length).toBe(3)
  })

  it('FrameDecoder reads nothing from nothing', () => {
    expect(decode('server', hex(''))).toEqual([])
  })
})

for (const role of ROLES) {
  describe(`FrameDecoder as ${role}`, () => {
    const both = (bytes: Uint8Array): string[] => {
      const events = decode(role, bytes)
      expect(decodeBytewise(role, bytes)).toEqual(events)
      return events
    }
    const ping = wire(role, { first: 0x89, payload: hex('01') })

    for (const size of [
      0, 1, 3, 4, 11, 12, 63, 64, 125, 126, 127, 191, 192, 1023, 1024, 1025, 4095, 4096, 65535,
      65536, 70000,
    ]) {
      it(`FrameDecoder reads messages of ${size} bytes, one after the other`, () => {
        const payload = new Uint8Array(size).map((_, at) => 0x20 + (at % 90))
        const frames = concat(
          wire(role, { first: 0x81, payload }),
          wire(role, { first: 0x82, payload }),
          ping,
        )
        const shown = toHex(payload)

        expect(both(frames)).toEqual([
          `text fin ${shown}`.trimEnd(),
          `binary fin ${shown}`.trimEnd(),
          'ping 01',
        ])
      })
    }

    it('S-03 FrameDecoder gives fragments the type of their message, with control frames between', () => {
      const frames = concat(
        wire(role, { first: 0x02, payload: hex('01') }),
        ping,
        wire(role, { first: 0x00, payload: hex('02') }),
        wire(role, { first: 0x8a }),
        wire(role, { first: 0x80 }),
        wire(role, { first: 0x01 }),
        wire(role, { first: 0x80, payload: hex('61') }),
      )

      expect(both(frames)).toEqual([
        'binary part 01',
        'ping 01',
        'binary part 02',
        'pong',
        'binary fin',
        'text part',
        'text fin 61',
      ])
    })

    it('FrameDecoder fails with 1002 on the wrong mask bit, at the second byte', () => {
      for (const first of [0x81, 0x82, 0x88, 0x89]) {
        const masked = role === 'client'
        const bytes = wire(role, { first, payload: hex('61 62'), masked })

        expect(both(bytes)).toEqual(['violation 1002 ProtocolViolationError'])
        expect(both(bytes.subarray(0, 1))).toEqual([])
        expect(both(bytes.subarray(0, 2))).toEqual(['violation 1002 ProtocolViolationError'])
      }
    })

    it('FrameDecoder fails with 1002 on reserved bits that nobody claimed, at the first byte', () => {
      for (const bits of [1, 2, 3, 4, 5, 6, 7]) {
        for (const opcode of [1, 2, 8, 9, 10]) {
          expect(both(Uint8Array.of(0x80 | (bits << 4) | opcode))).toEqual([
            'violation 1002 ProtocolViolationError',
          ])
        }
      }
    })

    it('FrameDecoder hands on claimed bits of the first frame, and refuses them elsewhere', () => {
      const options = { claimedBits: 4 }
      const message = concat(
        wire(role, { first: 0x41, payload: hex('ff') }),
        wire(role, { first: 0x80, payload: hex('fe') }),
        wire(role, { first: 0xc2, payload: hex('01') }),
      )

      expect(decode(role, message, options)).toEqual([
        'text part rsv 4 ff',
        'text fin rsv 4 fe',
        'binary fin rsv 4 01',
      ])
      for (const first of [0xa1, 0x91, 0xe1, 0xc8, 0xc9, 0xca, 0xc0]) {
        const begun = wire(role, { first: 0x01 })
        expect(decode(role, concat(begun, Uint8Array.of(first)), options)).toEqual([
          'text part',
          'violation 1002 ProtocolViolationError',
        ])
      }
    })

    it('FrameDecoder fails with 1002 on reserved opcodes, at the first byte', () => {
      for (const opcode of [3, 4, 5, 6, 7, 11, 12, 13, 14, 15]) {
        expect(both(Uint8Array.of(0x80 | opcode))).toEqual([
          'violation 1002 ProtocolViolationError',
        ])
      }
    })

    it('FrameDecoder fails with 1002 on a fragmented control frame, at the first byte', () => {
      for (const first of [0x08, 0x09, 0x0a]) {
        expect(both(Uint8Array.of(first))).toEqual(['violation 1002 ProtocolViolationError'])
      }
    })

    it('FrameDecoder fails with 1002 on a control frame over 125 bytes, at the second byte', () => {
      for (const opcode of [8, 9, 10]) {
        for (const length of [126, 127]) {
          const second = (role === 'server' ? 0x80 : 0) | length
          expect(both(Uint8Array.of(0x80 | opcode, second))).toEqual([
            'violation 1002 ProtocolViolationError',
          ])
        }
      }
      const longest = new Uint8Array(125).fill(0x61)
      expect(both(wire(role, { first: 0x89, payload: longest }))).toEqual([
        `ping ${toHex(longest)}`,
      ])
    })

    it('FrameDecoder fails with 1002 on a continuation without a start, at the first byte', () => {
      for (const first of [0x00, 0x80]) {
        expect(both(Uint8Array.of(first))).toEqual(['violation 1002 ProtocolViolationError'])
        expect(both(concat(wire(role, { first: 0x81 }), Uint8Array.of(first)))).toEqual([
          'text fin',
          'violation 1002 ProtocolViolationError',
        ])
      }
    })

    it('FrameDecoder fails with 1002 on a new data frame inside a message, at the first byte', () => {
      for (const first of [0x01, 0x02, 0x81, 0x82]) {
        expect(both(concat(wire(role, { first: 0x01 }), Uint8Array.of(first)))).toEqual([
          'text part',
          'violation 1002 ProtocolViolationError',
        ])
      }
    })

    it('FrameDecoder fails with 1002 on a length that is not in its shortest form', () => {
      for (const [length, lengthBytes] of [
        [0n, 3],
        [125n, 3],
        [0n, 9],
        [125n, 9],
        [126n, 9],
        [65535n, 9],
      ] as const) {
        const whole = wire(role, { first: 0x82, length, lengthBytes, masked: role === 'server' })
        const header = whole.subarray(0, 1 + lengthBytes)

        expect(both(header)).toEqual(['violation 1002 ProtocolViolationError'])
        expect(both(header.subarray(0, lengthBytes))).toEqual([])
      }
    })

    it('FrameDecoder fails with 1002 on a length of 2^63 and more', () => {
      const options = { maxFrameSize: Infinity, maxMessageSize: Infinity }
      for (const length of [2n ** 63n, 2n ** 64n - 1n]) {
        const header = wire(role, { first: 0x82, length }).subarray(0, 10)
        expect(decode(role, header, options)).toEqual(['violation 1002 ProtocolViolationError'])
      }
      const below = wire(role, { first: 0x82, length: 2n ** 63n - 1n }).subarray(0, 10)
      expect(decode(role, below, options)).toEqual(['violation 1009 FrameTooBigError'])
    })

    it('S-08 FrameDecoder fails with 1009 on a frame over maxFrameSize, at its announced length', () => {
      const payload = new Uint8Array(101)
      const header = wire(role, { first: 0x82, length: 101n }).subarray(0, 2)
      const { decoder, recorder } = recorded(role, { maxFrameSize: 100 })

      decoder.receive(header)

      expect(recorder.events).toEqual(['violation 1009 FrameTooBigError'])
      expect(recorder.errors[0]).toBeInstanceOf(FrameTooBigError)
      expect(recorder.errors[0]).toMatchObject({ size: 101, limit: 100, closeCode: 1009 })
      expect(
        decode(role, wire(role, { first: 0x82, payload: payload.subarray(1) }), {
          maxFrameSize: 100,
        }),
      ).toHaveLength(1)
    })

    it('S-34 FrameDecoder.maxFrameSize counts from the next header on', () => {
      const { decoder, recorder } = recorded(role)
      const frame = wire(role, { first: 0x82, payload: hex('01 02 03') })

      decoder.receive(frame.subarray(0, frame.length - 1))
      decoder.maxFrameSize = 2
      decoder.receive(frame.subarray(frame.length - 1))
      decoder.receive(frame)

      expect(decoder.maxFrameSize).toBe(2)
      expect(recorder.events).toEqual(['binary fin 01 02 03', 'violation 1009 FrameTooBigError'])
    })

    it('FrameDecoder lets nothing pass a limit that is not a number', () => {
      const frame = wire(role, { first: 0x82, payload: hex('01') })

      expect(decode(role, frame, { maxFrameSize: Number.NaN })).toEqual([
        'violation 1009 FrameTooBigError',
      ])
    })

    it('FrameDecoder takes control frames whatever maxFrameSize is', () => {
      const frames = concat(ping, wire(role, { first: 0x88, payload: hex('03 e8 61') }))

      expect(decode(role, frames, { maxFrameSize: 0 })).toEqual(['ping 01', 'close 1000 "a"'])
    })

    it('FrameDecoder fails with 1009 when fragments together announce more than maxMessageSize', () => {
      const fragments = concat(
        wire(role, { first: 0x02, payload: new Uint8Array(60) }),
        ping,
        wire(role, { first: 0x00, payload: new Uint8Array(40) }),
      )
      const last = wire(role, { first: 0x80, payload: hex('00') })
      const { decoder, recorder } = recorded(role, { maxMessageSize: 100 })

      decoder.receive(fragments)
      expect(recorder.events).toHaveLength(3)
      decoder.receive(last.subarray(0, 2))

      expect(recorder.events[3]).toBe('violation 1009 FrameTooBigError')
      expect(recorder.errors[0]).toMatchObject({ size: 101, limit: 100 })
    })

    it('FrameDecoder counts the size of each message from nothing', () => {
      const message = concat(
        wire(role, { first: 0x02, payload: new Uint8Array(60) }),
        wire(role, { first: 0x80, payload: new Uint8Array(40) }),
      )

      expect(decode(role, concat(message, message), { maxMessageSize: 100 })).toHaveLength(4)
    })

    it('FrameDecoder limits messages to 1 MiB by default', () => {
      const over = wire(role, { first: 0x82, length: 1_048_577n })
      const exact = wire(role, { first: 0x82, length: 1_048_576n })

      expect(decode(role, over)).toEqual(['violation 1009 FrameTooBigError'])
      expect(decode(role, exact)).toEqual([])
    })

    it('FrameDecoder limits each frame and not their sum when messages are not gathered', () => {
      const options = { maxMessageSize: 100, maxFragments: 2, messages: false }
      const part = wire(role, { first: 0x00, payload: new Uint8Array(100) })
      const frames = concat(
        wire(role, { first: 0x02, payload: new Uint8Array(100) }),
        part,
        part,
        part,
      )

      expect(decode(role, frames, options)).toHaveLength(4)
      expect(decode(role, wire(role, { first: 0x02, length: 101n }), options)).toEqual([
        'violation 1009 FrameTooBigError',
      ])
    })

    it('FrameDecoder fails with 1008 on more fragments than maxFragments; empty ones count', () => {
      const { decoder, recorder } = recorded(role, { maxFragments: 3 })
      const empty = wire(role, { first: 0x00 })

      decoder.receive(concat(wire(role, { first: 0x01 }), empty, ping, empty))
      expect(recorder.events).toEqual(['text part', 'text part', 'ping 01', 'text part'])
      decoder.receive(Uint8Array.of(0x80))

      expect(recorder.events[4]).toBe('violation 1008 TooManyFragmentsError')
      expect(recorder.errors[0]).toBeInstanceOf(TooManyFragmentsError)
      expect(recorder.errors[0]).toMatchObject({ fragments: 4, limit: 3 })
    })

    it('FrameDecoder counts the fragments of each message from nothing', () => {
      const message = concat(wire(role, { first: 0x01 }), wire(role, { first: 0x80 }))

      expect(decode(role, concat(message, message, message), { maxFragments: 2 })).toHaveLength(6)
    })

    it('S-43 FrameDecoder reads a Close with and without a reason', () => {
      expect(both(wire(role, { first: 0x88 }))).toEqual(['close'])
      expect(both(wire(role, { first: 0x88, payload: hex('03 e8') }))).toEqual(['close 1000 ""'])
      expect(
        both(wire(role, { first: 0x88, payload: concat(hex('0f a1'), utf8('tschüß')) })),
      ).toEqual(['close 4001 "tschüß"'])
    })

    it('FrameDecoder fails on a Close that is not in order: 1002 for its code, 1007 for its message', () => {
      const close = (payload: string): string[] =>
        both(wire(role, { first: 0x88, payload: hex(payload) }))

      expect(close('03')).toEqual(['violation 1002 ProtocolViolationError'])
      expect(close('03 ed')).toEqual(['violation 1002 ProtocolViolationError'])
      expect(close('03 ee')).toEqual(['violation 1002 ProtocolViolationError'])
      expect(close('03 f7')).toEqual(['violation 1002 ProtocolViolationError'])
      expect(close('03 e8 c3 28')).toEqual(['violation 1007 ProtocolViolationError'])
    })

    it('FrameDecoder reads nothing after a Close', () => {
      const close = wire(role, { first: 0x88, payload: hex('03 e8') })

      expect(both(concat(ping, close, ping, hex('ff ff ff ff')))).toEqual([
        'ping 01',
        'close 1000 ""',
      ])
    })

    it('FrameDecoder reads nothing after a violation', () => {
      const bad = wire(role, { first: 0x83 })

      expect(both(concat(ping, bad, ping, bad))).toEqual([
        'ping 01',
        'violation 1002 ProtocolViolationError',
      ])
    })

    it('FrameDecoder fails with 1007 as soon as the first bad byte of a text arrives', () => {
      const good = [...utf8('a'.repeat(300)), ...utf8('äöü'.repeat(50))]
      const cases: [string, string][] = [
        ['c0', ''],
        ['c1', ''],
        ['80', ''],
        ['f5', ''],
        ['ff', ''],
        ['e0 9f', '80'],
        ['ed a0', '80'],
        ['f0 8f', '80 80'],
        ['f4 90', '80 80'],
        ['c3 28', ''],
        ['e2 82 28', ''],
        ['f0 9f 98 28', ''],
      ]
      for (const prefix of [[], [0x61], good]) {
        for (const [bad, rest] of cases) {
          const payload = Uint8Array.from([...prefix, ...hex(bad), ...hex(rest), 0x61, 0x62])
          const frame = wire(role, { first: 0x81, payload })
          const firstBad = frame.length - payload.length + prefix.length + hex(bad).length - 1
          const { decoder, recorder } = recorded(role)

          decoder.receive(frame.subarray(0, firstBad))
          expect(recorder.events).toEqual([])
          decoder.receive(frame.subarray(firstBad, firstBad + 1))

          expect(recorder.events).toEqual(['violation 1007 ProtocolViolationError'])
          expect(decode(role, frame)).toEqual(['violation 1007 ProtocolViolationError'])
        }
      }
    })

    it('FrameDecoder lets a character span fragments, but not the end of a message', () => {
      const start = wire(role, { first: 0x01, payload: hex('61 f0 9f') })
      const middle = wire(role, { first: 0x00 })
      const end = wire(role, { first: 0x80, payload: hex('98 80') })
      const early = wire(role, { first: 0x80, payload: hex('98') })
      const empty = wire(role, { first: 0x80 })
      const ascii = wire(role, { first: 0x80, payload: hex('61') })
      const broken = 'violation 1007 ProtocolViolationError'

      expect(both(concat(start, ping, middle, end))).toEqual([
        'text part 61 f0 9f',
        'ping 01',
        'text part',
        'text fin 98 80',
      ])
      expect(both(concat(start, early))).toEqual(['text part 61 f0 9f', broken])
      expect(both(concat(start, empty))).toEqual(['text part 61 f0 9f', broken])
      expect(both(concat(start, ascii))).toEqual(['text part 61 f0 9f', broken])
      expect(both(wire(role, { first: 0x81, payload: hex('61 c3') }))).toEqual([broken])
    })

    it('FrameDecoder checks each text message from its beginning', () => {
      const frames = concat(
        wire(role, { first: 0x81, payload: utf8('ä') }),
        wire(role, { first: 0x81, payload: hex('a4') }),
      )

      expect(both(frames)).toEqual(['text fin c3 a4', 'violation 1007 ProtocolViolationError'])
    })

    it('FrameDecoder does not check binary messages', () => {
      const payload = new Uint8Array(500).fill(0xff)

      expect(both(wire(role, { first: 0x82, payload }))).toEqual([`binary fin ${toHex(payload)}`])
    })

    it('FrameDecoder neither changes nor keeps the bytes that it is lent', () => {
      const payloads = [20, 200, 2000].map((size) => new Uint8Array(size).fill(0x61))
      const bytes = concat(...payloads.map((payload) => wire(role, { first: 0x81, payload })))
      const lent = bytes.slice()
      const { decoder, recorder } = recorded(role)

      decoder.receive(lent.subarray(0, 2200))
      decoder.receive(lent.subarray(2200))
      expect(lent).toEqual(bytes)
      lent.fill(0)

      expect(recorder.payloads).toEqual(payloads)
    })

    it('FrameDecoder gives each payload memory that nobody writes to again', () => {
      const { decoder, recorder } = recorded(role)
      const expected: Uint8Array[] = []
      for (let size = 0; size < 1500; size += 7) {
        const payload = new Uint8Array(size).fill(0x20 + (size % 90))
        expected.push(payload)
        decoder.receive(wire(role, { first: 0x82, payload }))
      }

      expect(recorder.payloads).toEqual(expected)
    })

    it('FrameDecoder shares memory between small payloads that no transfer takes away', async () => {
      const frame = wire(role, { first: 0x82, payload: hex('01 02 03') })
      const { decoder, recorder } = recorded(role)
      decoder.receive(frame)
      const memory = recorder.payloads[0]?.buffer

      // Node 20 copies such memory instead; later versions throw.
      const transfer = Promise.resolve().then(() =>
        structuredClone(memory, { transfer: memory instanceof ArrayBuffer ? [memory] : [] }),
      )
      await transfer.catch(() => {})
      decoder.receive(frame)

      expect(recorder.payloads).toEqual([hex('01 02 03'), hex('01 02 03')])
    })

    it('FrameDecoder.pause() holds what follows, and resume() goes on', () => {
      const { decoder, recorder } = recorded(role)
      const frame = wire(role, { first: 0x82, payload: hex('01') })
      recorder.onEvent = () => decoder.pause()

      decoder.receive(concat(frame, frame, frame))
      expect(recorder.events).toHaveLength(1)
      expect(decoder.isPaused).toBe(true)
      expect(decoder.heldBytes).toBe(2 * frame.length)

      decoder.receive(frame)
      expect(decoder.heldBytes).toBe(3 * frame.length)
      decoder.resume()
      expect(recorder.events).toHaveLength(2)
      expect(decoder.heldBytes).toBe(2 * frame.length)

      recorder.onEvent = () => {}
      decoder.resume()
      expect(recorder.events).toHaveLength(4)
      expect(decoder.heldBytes).toBe(0)
      expect(decoder.isPaused).toBe(false)
    })

    it('FrameDecoder.pause() before anything arrives holds a copy of it', () => {
      const { decoder, recorder } = recorded(role)
      const lent = wire(role, { first: 0x82, payload: hex('01') })
      decoder.pause()
      decoder.pause()

      decoder.receive(lent)
      lent.fill(0)
      expect(recorder.events).toEqual([])
      decoder.resume()
      decoder.resume()

      expect(recorder.events).toEqual(['binary fin 01'])
    })

    it('FrameDecoder.pause() in the middle of a frame goes on where it was', () => {
      const { decoder, recorder } = recorded(role)
      const frame = wire(role, { first: 0x82, payload: hex('01 02 03 04') })
      decoder.receive(frame.subarray(0, 3))
      decoder.pause()
      decoder.receive(frame.subarray(3, frame.length - 1))
      decoder.receive(frame.subarray(frame.length - 1))
      decoder.resume()

      expect(recorder.events).toEqual(['binary fin 01 02 03 04'])
    })

    it('FrameDecoder.resume() from inside the sink takes back a pause', () => {
      const { decoder, recorder } = recorded(role)
      recorder.onEvent = () => {
        decoder.pause()
        decoder.resume()
      }

      decoder.receive(concat(ping, ping, ping))

      expect(recorder.events).toEqual(['ping 01', 'ping 01', 'ping 01'])
      expect(decoder.heldBytes).toBe(0)
    })

    it('FrameDecoder.resume() from inside the sink, while held bytes are read, reads none of them twice', () => {
      const { decoder, recorder } = recorded(role)
      decoder.pause()
      decoder.receive(
        concat(
          wire(role, { first: 0x89, payload: hex('01') }),
          wire(role, { first: 0x89, payload: hex('02') }),
          wire(role, { first: 0x89, payload: hex('03') }),
        ),
      )
      recorder.onEvent = () => {
        decoder.pause()
        decoder.resume()
      }

      decoder.resume()

      expect(recorder.events).toEqual(['ping 01', 'ping 02', 'ping 03'])
      expect(decoder.heldBytes).toBe(0)
    })

    it('FrameDecoder refers to nothing that it was lent', async () => {
      const { decoder, recorder } = recorded(role)
      const references = lend(role, decoder)

      await new Promise(setImmediate) // a WeakRef keeps its target until the turn ends
      collectGarbage()

      expect(recorder.events).toHaveLength(3)
      expect(references.map((reference) => reference.deref())).toEqual([undefined, undefined])
    })

    it('FrameDecoder.stop() ends it in the middle of a chunk, and lets go of what is kept', () => {
      const { decoder, recorder } = recorded(role)
      recorder.onEvent = () => decoder.stop()

      decoder.receive(concat(ping, ping, wire(role, { first: 0x82, payload: utf8('abc') })))
      decoder.receive(ping)
      decoder.resume()

      expect(recorder.events).toEqual(['ping 01'])
      expect(decoder.keptBytes).toBe(0)
    })

    it('FrameDecoder.keptBytes counts memory: 1 KiB for a frame that has only begun', () => {
      const { decoder } = recorded(role)
      const header = wire(role, { first: 0x82, length: 2n ** 20n })

      decoder.receive(concat(header, hex('00')))
      expect(decoder.keptBytes).toBe(1024)
    })

    it('FrameDecoder.keptBytes counts what is held as the memory that it takes', () => {
      const { decoder, recorder } = recorded(role)
      decoder.pause()
      for (let count = 0; count < 3; count++) decoder.receive(ping)
      expect(decoder.keptBytes).toBeGreaterThan(decoder.heldBytes)

      recorder.onEvent = () => decoder.pause()
      const before = decoder.keptBytes
      decoder.resume()
      expect(decoder.heldBytes).toBe(2 * ping.length)
      expect(decoder.keptBytes).toBe(before)
    })

    it('FrameDecoder.keptBytes counts what has arrived in part, and what is held', () => {
      const { decoder } = recorded(role)
      const frame = wire(role, { first: 0x82, payload: new Uint8Array(100_000) })
      expect(decoder.keptBytes).toBe(0)

      decoder.receive(frame.subarray(0, 90_000))
      expect(decoder.keptBytes).toBe(100_000)

      decoder.receive(frame.subarray(90_000))
      expect(decoder.keptBytes).toBe(0)

      decoder.pause()
      decoder.receive(frame)
      expect(decoder.keptBytes).toBe(frame.length)
    })

    it('FrameDecoder holds nothing once nothing is read any more', () => {
      const { decoder, recorder } = recorded(role)
      decoder.pause()
      decoder.receive(concat(wire(role, { first: 0x88 }), ping))
      decoder.resume()
      decoder.pause()
      decoder.receive(ping)

      expect(recorder.events).toEqual(['close'])
      expect(decoder.heldBytes).toBe(0)
    })

    it('FrameDecoder ends with a Close that pauses', () => {
      const { decoder, recorder } = recorded(role)
      recorder.onEvent = () => decoder.pause()

      decoder.receive(concat(wire(role, { first: 0x88 }), ping))
      decoder.resume()

      expect(recorder.events).toEqual(['close'])
      expect(decoder.heldBytes).toBe(0)
    })
  })

  describe(`FrameDecoder as ${role}, memory`, () => {
    it('FrameDecoder allocates for what has arrived, not for what is announced', () => {
      const allocated = watchAllocations()
      const options = { maxFrameSize: Infinity, maxMessageSize: Infinity }
      const decoders = Array.from({ length: 4 }, () => recorded(role, options))
      for (const [at, { decoder }] of decoders.entries()) {
        const header = wire(role, {
          first: 0x82,
          length: [2n ** 20n, 2n ** 30n, 2n ** 31n, 2n ** 40n][at] ?? 0n,
        })
        decoder.receive(concat(header, new Uint8Array(10)))
      }

      expect(Math.max(0, ...allocated)).toBeLessThanOrEqual(1024)
      expect(allocated.length).toBeLessThanOrEqual(4)
    })

    it('FrameDecoder refuses at once what no memory could hold', () => {
      const header = wire(role, { first: 0x82, length: 2n ** 60n })

      expect(decode(role, header, { maxMessageSize: Infinity })).toEqual([
        'violation 1009 FrameTooBigError',
      ])
    })

    it('FrameDecoder makes room once for 64 KiB of which the larger part comes first', () => {
      const allocated = watchAllocations()
      const frame = wire(role, { first: 0x82, payload: new Uint8Array(65_536) })
      const { decoder, recorder } = recorded(role)

      decoder.receive(frame.subarray(0, 33_000))
      decoder.receive(frame.subarray(33_000))

      expect(allocated).toEqual([65_536])
      expect(recorder.payloads[0]).toHaveLength(65_536)
    })

    it('FrameDecoder at most doubles what has arrived of a large frame', () => {
      const allocated = watchAllocations()
      const frame = wire(role, { first: 0x82, payload: new Uint8Array(1_000_000) })
      const { decoder, recorder } = recorded(role)
      let arrived = 0
      for (let at = 0; at < frame.length; at += 10_000) {
        decoder.receive(frame.subarray(at, at + 10_000))
        arrived += 10_000
        expect(Math.max(0, ...allocated)).toBeLessThanOrEqual(Math.max(1024, 2 * arrived))
      }

      expect(allocated.length).toBeLessThan(9)
      expect(recorder.payloads[0]).toHaveLength(1_000_000)
      expect(recorder.payloads[0]?.buffer.byteLength).toBe(1_000_000)
    })

    it('FrameDecoder fails with 1009 when memory has run out, and throws nothing', () => {
      const { decoder, recorder } = recorded(role, { maxMessageSize: Infinity })
      vi.spyOn(Buffer, 'allocUnsafeSlow').mockImplementation(() => {
        throw new RangeError('Array buffer allocation failed')
      })

      decoder.receive(concat(wire(role, { first: 0x82, length: 2n ** 30n }), new Uint8Array(10)))

      expect(recorder.events).toEqual(['violation 1009 FrameTooBigError'])
      expect(recorder.errors[0]).toMatchObject({ size: 2 ** 30, limit: 0 })
      expect(recorder.errors[0]?.cause).toBeInstanceOf(RangeError)
    })
  })

  describe(`FrameDecoder as ${role}, text as strings`, () => {
    it('FrameDecoder passes long ASCII as a string to a sink that takes it, and as bytes else', () => {
      const bytes = concat(
        wire(role, { first: 0x81, payload: utf8('a'.repeat(2000)) }),
        wire(role, { first: 0x81, payload: utf8('short') }),
        wire(role, { first: 0x82, payload: utf8('a'.repeat(2000)) }),
        wire(role, { first: 0x01, payload: utf8('a'.repeat(2000)) }),
        wire(role, { first: 0x80, payload: utf8('a'.repeat(2000)) }),
        wire(role, { first: 0x81, payload: utf8(`é${'a'.repeat(2000)}`) }),
        wire(role, { first: 0x81, payload: utf8('a'.repeat(102_401)) }),
      )
      const taking = new StringRecorder()
      new FrameDecoder(taking, { role }).receive(bytes)

      expect(taking.events).toEqual(decode(role, bytes))
      expect(taking.strings).toEqual(['a'.repeat(2000)])
    })

    it('FrameDecoder passes short text as bytes, however it is cut', () => {
      const frame = wire(role, { first: 0x81, payload: utf8('a'.repeat(1024)) })
      for (const cut of [1, 3, 20, 1000]) {
        const taking = new StringRecorder()
        const decoder = new FrameDecoder(taking, { role })
        decoder.receive(frame.subarray(0, cut))
        decoder.receive(frame.subarray(cut))

        expect(taking.strings).toEqual([])
        expect(taking.events).toEqual(decode(role, frame))
      }
    })

    it('FrameDecoder tries text as a string again after a message of ASCII', () => {
      const taking = new StringRecorder()
      const decoder = new FrameDecoder(taking, { role })
      const send = (text: string): void =>
        decoder.receive(wire(role, { first: 0x81, payload: utf8(text) }))
      send(`é${'a'.repeat(2000)}`)
      send('a'.repeat(1000))
      send('b'.repeat(2000))

      expect(taking.strings).toEqual(role === 'server' ? ['b'.repeat(2000)] : [])
    })

    it('FrameDecoder checks text that is not ASCII, wherever the bad byte is', () => {
      for (const size of [1025, 5000, 70_000]) {
        for (const at of [0, size >> 1, size - 1]) {
          const payload = new Uint8Array(size).fill(0x61)
          payload[at] = 0xff
          const taking = new StringRecorder()
          new FrameDecoder(taking, { role }).receive(wire(role, { first: 0x81, payload }))

          expect(taking.events).toEqual(['violation 1007 ProtocolViolationError'])
        }
      }
    })

    it('FrameDecoder tells the same with strings as without, however the bytes are cut', () => {
      const text = fc
        .tuple(fc.integer({ min: 900, max: 20_000 }), fc.constantFrom('a', 'b', 'é'), fc.nat(3))
        .map(([length, letter, more]) => utf8(letter.repeat(length) + '€'.repeat(more % 2)))
      fc.assert(
        fc.property(
          fc.array(text, { minLength: 1, maxLength: 4 }),
          fc.array(fc.integer({ min: 1, max: 25_000 }), { minLength: 1, maxLength: 5 }),
          (texts, pieces) => {
            const bytes = concat(...texts.map((payload) => wire(role, { first: 0x81, payload })))
            const taking = new StringRecorder()
            const decoder = new FrameDecoder(taking, { role })
            for (let at = 0, piece = 0; at < bytes.length; piece++) {
              const lent = bytes.slice(at, at + (pieces[piece % pieces.length] ?? 1))
              decoder.receive(lent)
              lent.fill(0xaa)
              at += lent.length
            }

            expect(taking.events).toEqual(decode(role, bytes))
          },
        ),
        { numRuns: 40 },
      )
    })

    it('FrameDecoder shows nothing of a payload whose memory is used again', () => {
      emptyPool()
      const { decoder, recorder } = recorded(role)
      recycle(new Uint8Array(40_000).fill(0x53))
      const payload = new Uint8Array(38_000).fill(1)

      decoder.receive(wire(role, { first: 0x82, payload }))

      expect(recorder.payloads).toEqual([payload])
      const { buffer } = recorder.payloads[0] ?? payload
      expect(buffer.byteLength).toBe(40_000)
      expect(new Uint8Array(buffer, 38_000).every((byte) => byte === 0)).toBe(true)
    })
  })

  describe(`FrameDecoder as ${role}, short messages as parts`, () => {
    it('FrameDecoder passes whole messages of 1 to 125 bytes as parts to a sink that takes them', () => {
      const frames = [1, 32, 125, 0, 126].map((length) =>
        wire(role, { first: 0x81, payload: new Uint8Array(length).fill(0x61) }),
      )
      const fragments = [
        wire(role, { first: 0x01, payload: utf8('a') }),
        wire(role, { first: 0x80, payload: utf8('b') }),
      ]
      const ping = wire(role, { first: 0x89, payload: utf8('c') })
      const bytes = concat(...frames, wire(role, { first: 0x82, payload: hex('ff') }), ping)
      const taking = new PartRecorder()
      partsDecoder(taking, role).receive(concat(bytes, ...fragments))

      expect(taking.events).toEqual(decode(role, concat(bytes, ...fragments)))
      expect(taking.parts).toEqual([1, 32, 125, 1])
    })

    it('FrameDecoder applies the limits of a frame and of a message to parts', () => {
      const frame = wire(role, { first: 0x81, payload: utf8('abc') })
      for (const options of [{ maxFrameSize: 2 }, { maxMessageSize: 2 }, { maxFrameSize: NaN }]) {
        const taking = new PartRecorder()
        partsDecoder(taking, role, options).receive(frame)

        expect(taking.events).toEqual(['violation 1009 FrameTooBigError'])
      }
    })

    it('FrameDecoder refuses parts that are not UTF-8, and parts inside of another message', () => {
      for (const [frames, violation] of [
        [[wire(role, { first: 0x81, payload: hex('61 ff') })], 'violation 1007'],
        [[wire(role, { first: 0x81, payload: hex('61 c3') })], 'violation 1007'],
        [
          [
            wire(role, { first: 0x01, payload: utf8('a') }),
            wire(role, { first: 0x81, payload: utf8('b') }),
          ],
          'violation 1002',
        ],
      ] as const) {
        const taking = new PartRecorder()
        partsDecoder(taking, role).receive(concat(...frames))

        expect(taking.parts).toEqual([])
        expect(taking.events.at(-1)).toBe(`${violation} ProtocolViolationError`)
      }
    })

    it('FrameDecoder calls takePart of the sinks of sessions only', () => {
      const taking = new PartRecorder()
      new FrameDecoder(taking, { role }).receive(wire(role, { first: 0x81, payload: utf8('a') }))

      expect([taking.events, taking.parts]).toEqual([['text fin 61'], []])
    })

    it('FrameDecoder.maxFrameSize may change while the sink takes parts', () => {
      const taking = new PartRecorder()
      const decoder = partsDecoder(taking, role)
      decoder.maxFrameSize = 3
      for (const size of [3, 4]) {
        decoder.receive(wire(role, { first: 0x82, payload: new Uint8Array(size) }))
      }

      expect(taking.parts).toEqual([3])
      expect(taking.events.at(-1)).toBe('violation 1009 FrameTooBigError')
    })

    it('FrameDecoder stops between two parts where the sink pauses', () => {
      const frame = wire(role, { first: 0x81, payload: utf8('a') })
      const taking = new PartRecorder()
      const decoder = partsDecoder(taking, role)
      taking.onEvent = () => decoder.pause()
      decoder.receive(concat(frame, frame))
      expect(taking.events).toEqual(['text fin 61'])

      decoder.resume()
      expect(taking.events).toEqual(['text fin 61', 'text fin 61'])
    })

    it('FrameDecoder tells the same of a broken stream with parts as without, however it is cut', () => {
      const change = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 2 })
      fc.assert(
        fc.property(stream(role), change, cuts(), (valid, changed, pieces) => {
          const bytes = valid.slice()
          for (const [at, byte] of changed) if (bytes.length > 0) bytes[at % bytes.length] = byte
          const taking = new PartRecorder()
          const decoder = partsDecoder(taking, role)
          for (let at = 0, piece = 0; at < bytes.length; piece++) {
            const lent = bytes.slice(at, at + (pieces[piece % pieces.length] ?? 1))
            decoder.receive(lent)
            lent.fill(0xaa)
            at += lent.length
          }

          expect(taking.events).toEqual(decode(role, bytes))
        }),
        { numRuns: 150 },
      )
    })
  })

  describe(`FrameDecoder as ${role}, any cutting`, () => {
    it('FrameDecoder tells the same of a stream however it is cut', () => {
      fc.assert(
        fc.property(stream(role), cuts(), (bytes, pieces) => {
          expect(decodeCut(role, bytes, pieces, null)).toEqual(decode(role, bytes))
        }),
        { numRuns: 300 },
      )
    })

    it('FrameDecoder tells the same of a stream however it is cut and paused', () => {
      fc.assert(
        fc.property(
          stream(role),
          cuts(),
          fc.infiniteStream(fc.boolean()),
          (bytes, pieces, pauses) => {
            expect(decodeCut(role, bytes, pieces, pauses)).toEqual(decode(role, bytes))
          },
        ),
        { numRuns: 300 },
      )
    })

    it('FrameDecoder tells the same of a broken stream however it is cut and paused', () => {
      const changes = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 })
      fc.assert(
        fc.property(
          stream(role),
          changes,
          cuts(),
          fc.infiniteStream(fc.boolean()),
          (valid, changed, pieces, pauses) => {
            const bytes = valid.slice()
            for (const [at, byte] of changed) if (bytes.length > 0) bytes[at % bytes.length] = byte
            const expected = decode(role, bytes)

            expect(decodeCut(role, bytes, pieces, null)).toEqual(expected)
            expect(decodeCut(role, bytes, pieces, pauses)).toEqual(expected)
            expect(decodeBytewise(role, bytes)).toEqual(expected)
          },
        ),
        { numRuns: 500 },
      )
    })

    it('FrameDecoder takes any bytes at all without throwing', () => {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
          expect(decodeBytewise(role, bytes)).toEqual(decode(role, bytes))
        }),
        { numRuns: 500 },
      )
    })
  })
}

it('FrameDecoder in one role does not see another that its sink feeds', () => {
  const inner = recorded('client')
  const recorder = new Recorder()
  const outer = new FrameDecoder(recorder, { role: 'server' })
  const payload = new Uint8Array(100).fill(0x61)
  recorder.onEvent = () =>
    inner.decoder.receive(wire('client', { first: 0x82, payload: new Uint8Array(90).fill(1) }))

  const frame = wire('server', { first: 0x81, payload })
  outer.receive(concat(frame, frame, frame))

  expect(recorder.events).toEqual(Array<string>(3).fill(`text fin ${toHex(payload)}`))
  expect(inner.recorder.payloads).toEqual(Array<Uint8Array>(3).fill(new Uint8Array(90).fill(1)))
})

/**
 * Has a decoder read bytes that nobody refers to afterwards: whole frames, and the beginning of
 * one.
 */
function lend(role: 'server' | 'client', decoder: FrameDecoder): WeakRef<Uint8Array>[] {
  const small = wire(role, { first: 0x82, payload: new Uint8Array(100) })
  const large = wire(role, { first: 0x82, payload: new Uint8Array(5000) })
  const chunks = [concat(small, small, large), large.slice(0, 3000)]
  for (const chunk of chunks) decoder.receive(chunk)
  return chunks.map((chunk) => new WeakRef(chunk))
}

/** Runs the garbage collector, which is not there unless it is asked for. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc')
  const gc: () => void = runInNewContext('gc')
  gc()
}

/** The sizes asked of the platform from now on. */
function watchAllocations(): number[] {
  const sizes: number[] = []
  const allocUnsafeSlow = Buffer.allocUnsafeSlow.bind(Buffer)
  vi.spyOn(Buffer, 'allocUnsafeSlow').mockImplementation((size) => {
    sizes.push(size)
    return allocUnsafeSlow(size)
  })
  return sizes
}

/** Sizes of chunks, used again from the first when they run out. */
function cuts(): fc.Arbitrary<number[]> {
  return fc.array(fc.oneof(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 700 })), {
    minLength: 1,
    maxLength: 20,
  })
}

/** Valid frames: messages in fragments, control frames between, perhaps a Close at the end. */
function stream(role: 'server' | 'client'): fc.Arbitrary<Uint8Array> {
  const control = fc.record({
    opcode: fc.constantFrom(9, 10),
    payload: fc.uint8Array({ maxLength: 125 }),
  })
  const size = fc.constantFrom(0, 5, 40, 130, 300, 1100, 3000)
  const payload = size.chain((maxLength) => fc.string({ unit: 'binary', maxLength }).map(utf8))
  const message = fc.record({
    type: fc.constantFrom(1, 2),
    payload,
    parts: fc.array(fc.nat({ max: 60 }), { maxLength: 4 }),
    control: fc.option(control, { nil: null }),
  })
  const close = fc.option(fc.constantFrom('', '03 e8', '0f a0 61 62', '03', '03 ee'), { nil: null })
  return fc.tuple(fc.array(message, { maxLength: 6 }), close).map(([messages, last]) => {
    const frames: Uint8Array[] = []
    for (const { type, payload: bytes, parts, control: between } of messages) {
      let from = 0
      let opcode: number = type
      for (const part of parts) {
        frames.push(wire(role, { first: opcode, payload: bytes.subarray(from, from + part) }))
        from = Math.min(bytes.length, from + part)
        opcode = 0
        if (between !== null) {
          frames.push(wire(role, { first: 0x80 | between.opcode, payload: between.payload }))
        }
      }
      frames.push(wire(role, { first: 0x80 | opcode, payload: bytes.subarray(from) }))
    }
    if (last !== null) frames.push(wire(role, { first: 0x88, payload: hex(last) }))
    return concat(...frames)
  })
}

/** Takes text as strings, and writes down the same events. */
class StringRecorder extends Recorder {
  readonly strings: string[] = []

  asciiText(text: string): void {
    this.strings.push(text)
    this.text(utf8(text), true, 0)
  }
}

/** Takes short messages as parts, and writes down the same events. */
class PartRecorder extends Recorder implements PartSink {
  readonly parts: number[] = []

  takePart(part: PayloadPart, isText: boolean): void {
    this.parts.push(part.length)
    if (isText) this.text(part.bytes, true, 0)
    else this.binary(part.bytes, true, 0)
  }
}

function partsDecoder(
  sink: PartRecorder,
  role: 'server' | 'client',
  options: Partial<FrameDecoderOptions> = {},
): FrameDecoder {
  const decoding: SessionDecoderOptions = { role, parts: true, ...options }
  return new FrameDecoder(sink, decoding)
}

/**
 * Feeds `bytes` in chunks, each in memory that is overwritten afterwards, pausing as `pauses` says.
 */
function decodeCut(
  role: 'server' | 'client',
  bytes: Uint8Array,
  pieces: readonly number[],
  pauses: fc.Stream<boolean> | null,
): string[] {
  const { decoder, recorder } = recorded(role)
  const shallPause = (): boolean => pauses?.next().value === true
  recorder.onEvent = () => {
    if (shallPause()) decoder.pause()
  }
  const odd = new Uint8Array(1024)
  for (let at = 0, piece = 0; at < bytes.length; piece++) {
    const size = pieces[piece % pieces.length] ?? 1
    // Chunks begin at any alignment.
    const lent = odd.subarray(piece % 5, (piece % 5) + Math.min(size, bytes.length - at))
    lent.set(bytes.subarray(at, at + lent.length))
    at += lent.length
    decoder.receive(lent)
    lent.fill(0xaa)
    if (pauses === null) continue
    if (shallPause()) decoder.resume()
    if (shallPause()) decoder.pause()
  }
  while (decoder.isPaused) decoder.resume()
  return recorder.events
}
