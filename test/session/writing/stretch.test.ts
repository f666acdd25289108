import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'

import { CloseReason } from '../../../src/protocol/index.ts'
import { allocateBlock, MAX_CLOSE_FRAME_BYTES } from '../../../src/protocol/internal.ts'
import { prepareFrame } from '../../../src/protocol/frames/prepare-frame.ts'
import { PayloadPart } from '../../../src/protocol/payload-part.ts'
import { stretchPoolOf } from '../../../src/session/writing/stretch.ts'
import { createSeededRandom } from '../../../src/testing/seeded-random.ts'
import { hex } from '../../support/bytes.ts'
import { Gate } from '../../support/gate.ts'
import { memoryEnvironment, settled } from '../../support/memory-world.ts'
import { type SharedText, SlabCrowd } from '../../support/slab-crowd.ts'
import { Writer } from '../../support/stretch-writer.ts'

const TEXT = 1
const BINARY = 2

/** The sessions that get broadcasts in a crowd. */
const MEMBERS = 8

/** Returns a function that returns a whole number below its argument: the same ones for a seed. */
function picker(seed: number): (below: number) => number {
  const random = createSeededRandom(seed)
  return (below) => {
    const [high = 0, low = 0] = random(new Uint8Array(2))
    return ((high << 8) | low) % below
  }
}

/** Returns a text for a broadcast, in one of the forms that sessions may share. */
function textOf(pick: (below: number) => number): SharedText {
  const letter = String.fromCharCode(97 + pick(4))
  const text = letter.repeat([3, 40, 1000, 2000, 6000][pick(5)] ?? 0)
  const form = pick(4)
  if (form === 0) return prepareFrame(text)
  if (form === 1) return new TextEncoder().encode(text)
  if (form === 2) return text
  const block = allocateBlock(64)
  block.bytes.fill(97 + pick(4))
  return new PayloadPart(block, pick(8), 1 + pick(40))
}

function open({ masking = false, environment = memoryEnvironment(), gate = new Gate() } = {}) {
  const writer = new Writer({ masking, environment, gate })
  const write = (payload: string | Uint8Array, isFixed = false): boolean => {
    const stretch = writer.room(payload)
    stretch?.write(typeof payload === 'string' ? TEXT : BINARY, true, 0, payload, isFixed)
    return stretch !== null
  }
  return { gate, writer, write }
}

/** Has a session send in this turn. Only its stretch refers to it afterwards. */
function sendOnce(environment: ReturnType<typeof memoryEnvironment>): WeakRef<Writer> {
  const { writer, write } = open({ environment })
  write('a')
  return new WeakRef(writer)
}

/** Runs the garbage collector, which is not there unless it is asked for. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc')
  const gc: () => void = runInNewContext('gc')
  gc()
}

describe('Stretch', () => {
  it('all frames of a turn leave in one write, when the turn ends', async () => {
    const { gate, writer, write } = open()
    write('a')
    write(Uint8Array.of(7))
    expect(gate.writes).toEqual([])
    expect(writer.size).toBe(6)

    await settled()

    expect(gate.writes).toEqual(['81 01 61 82 01 07'])
    expect(writer.size).toBe(0)
  })

  it('drop() writes nothing, and the memory of the turn is free again', async () => {
    const environment = memoryEnvironment()
    const { gate, writer, write } = open({ environment })
    write('lost')
    expect(stretchPoolOf(environment).output.end).toBe(6)

    writer.stretch?.drop()
    await settled()

    expect(gate.writes).toEqual([])
    expect(stretchPoolOf(environment).output.end).toBe(0)
  })

  it('write() sets fin, the opcode and the reserved bits as it is told', async () => {
    const { gate, writer } = open()
    writer.room('a')?.write(TEXT, false, 4, 'a')

    await settled()

    expect(gate.writes).toEqual(['41 01 61'])
  })

  it('masking takes a fresh key for every frame', async () => {
    const { gate, writer, write } = open({ masking: true })
    write(Uint8Array.of(0, 0, 0, 0))
    write(Uint8Array.of(0, 0, 0, 0))
    writer.masking = false
    write('a')

    await settled()

    expect(gate.writes).toEqual([
      '82 84 01 02 03 04 01 02 03 04 82 84 05 06 07 08 05 06 07 08 81 01 61',
    ])
  })

  it('writeOut() does not wait for the end of the turn, and the turn then adds nothing', async () => {
    const { gate, writer, write } = open()
    write('a')

    writer.stretch?.writeOut()
    expect(gate.writes).toEqual(['81 01 61'])
    await settled()

    expect(gate.writes.length).toBe(1)
  })

  it('nothing is serialised from a queued write until the transport has drained', async () => {
    const { gate, writer, write } = open()
    gate.shut = true
    write('a')
    await settled()
    expect(writer.isBusy).toBe(true)

    expect(write('b')).toBe(false)
    expect(gate.writes).toEqual(['81 01 61'])

    gate.shut = false
    writer.isBusy = false
    expect(write('b')).toBe(true)
    await settled()
    expect(gate.writes).toEqual(['81 01 61', '81 01 62'])
  })

  it('two writers of one turn keep their own frames in order', async () => {
    const environment = memoryEnvironment()
    const one = open({ environment })
    const other = open({ environment })
    for (const letter of 'ab') {
      one.write(letter)
      other.write(letter.toUpperCase())
    }
    expect(one.writer.size).toBe(6)

    await settled()

    expect(one.gate.writes).toEqual(['81 01 61 81 01 62'])
    expect(other.gate.writes).toEqual(['81 01 41 81 01 42'])
  })

  it('a frame larger than the slab has a write of its own, behind those before it', async () => {
    const { gate, write } = open()
    write('a')
    write(new Uint8Array(200_000))
    write('b')
    await settled()

    expect(gate.writes.map((bytes) => bytes.slice(0, 29))).toEqual([
      '81 01 61',
      '82 7f 00 00 00 00 00 03 0d 40',
      '81 01 62',
    ])
    expect(gate.writes[1]?.length).toBe(3 * 200_010 - 1)
  })

  it('makeRoom() writes out what is in the way, and returns false if the transport keeps it', () => {
    const { gate, writer, write } = open()
    write(new Uint8Array(100_000))
    gate.shut = true

    expect(writer.room(new Uint8Array(100_000))).toBe(null)
    expect(gate.writes.length).toBe(1)
  })

  it('writeClose() writes out at once, behind what was serialised', () => {
    const { gate, writer, write } = open()
    write('a')

    writer.roomFor(MAX_CLOSE_FRAME_BYTES)?.writeClose(new CloseReason(1000, 'bye'))

    expect(gate.writes).toEqual(['81 01 61 88 05 03 e8 62 79 65'])
  })

  it('writeClose() writes an empty Close frame for null', () => {
    const { gate, writer } = open()

    writer.roomFor(MAX_CLOSE_FRAME_BYTES)?.writeClose(null)

    expect(gate.writes).toEqual(['88 00'])
  })

  it('drop() loses what was serialised, and nothing of other sessions', async () => {
    const environment = memoryEnvironment()
    const { gate, writer, write } = open({ environment })
    const other = open({ environment })
    write('a')
    other.write('A')
    write('b')

    writer.stretch?.drop()

    await settled()
    expect(writer.size).toBe(0)
    expect(gate.writes).toEqual([])
    expect(other.gate.writes).toEqual(['81 01 41'])
  })

  describe('where several sessions send the same text', () => {
    /** Three sessions of one server, and what each was made to write. */
    function three({ masking = false } = {}) {
      const environment = memoryEnvironment()
      const all = [1, 2, 3].map(() => open({ environment, masking }))
      const send = (payload: string | Uint8Array, index: number): void => {
        const stretch = all[index]?.writer.room(payload)
        stretch?.write(TEXT, true, 0, payload, true)
      }
      const toAll = (payload: string | Uint8Array): void => all.forEach((_, n) => send(payload, n))
      return { all, send, toAll, writes: () => all.map(({ gate }) => gate.writes) }
    }

    it('each has all of it, in its own order, in one write', async () => {
      const { send, toAll, writes } = three()
      send('x', 1)
      toAll('a')
      toAll('b')
      send('y', 2)
      toAll('c')

      await settled()

      expect(writes()).toEqual([
        ['81 01 61 81 01 62 81 01 63'],
        ['81 01 78 81 01 61 81 01 62 81 01 63'],
        ['81 01 61 81 01 62 81 01 79 81 01 63'],
      ])
    })

    it('the bytes are serialised once', async () => {
      const { send, writes } = three()
      const text = new Uint8Array(1000).fill(97)
      send(text, 0)
      send(text, 1)
      // Against the rule, to see that the third does not look at them again.
      text.fill(98)
      send(text, 2)

      await settled()

      expect(writes()[1]).toEqual([`81 7e 03 e8${' 61'.repeat(1000)}`])
      expect(writes()[2]).toEqual(writes()[1])
    })

    it('a part of a received message is shared from its second session on', async () => {
      const { all, writes } = three()
      const block = allocateBlock(64)
      block.bytes.set(hex('61 62 63'), 8)
      const part = new PayloadPart(block, 8, 3)
      const send = (index: number): void => {
        expect(all[index]?.writer.roomFor(32)?.writePart(TEXT, part)).toBe(true)
      }
      send(0)
      send(1)
      // Against the rule, to see that the third does not look at them again.
      block.bytes.fill(0)
      send(2)

      await settled()

      expect(writes()).toEqual([['81 03 61 62 63'], ['81 03 61 62 63'], ['81 03 61 62 63']])
    })

    it('writePart() puts parts behind what a session has, in order, whatever others send', async () => {
      const { all, writes } = three()
      const block = allocateBlock(64)
      block.bytes.set(hex('61 62 63'), 8)
      const parts = [8, 9, 10].map((start) => new PayloadPart(block, start, 1))
      for (const [at, part] of parts.entries()) {
        for (const { writer } of all.slice(0, at + 1)) {
          expect(writer.roomFor(32)?.writePart(BINARY, part)).toBe(true)
        }
      }

      await settled()

      expect(writes()).toEqual([
        ['82 01 61 82 01 62 82 01 63'],
        ['82 01 62 82 01 63'],
        ['82 01 63'],
      ])
    })

    it('writePart() masks for a session that masks', async () => {
      const { gate, writer } = open({ masking: true })
      const block = allocateBlock(64)
      const part = new PayloadPart(block, 0, 2)
      expect(writer.roomFor(32)?.writePart(TEXT, part)).toBe(true)

      await settled()

      expect(gate.writes[0]?.slice(0, 5)).toBe('81 82')
    })

    it('masked frames are never shared', async () => {
      const { toAll, writes } = three({ masking: true })
      toAll('a')

      await settled()

      expect(new Set(writes().map(([bytes]) => bytes)).size).toBe(3)
    })

    it('more than the slab holds goes out in several writes, with nothing lost', async () => {
      const { all, writes } = three()
      const payload = (index: number): Uint8Array => new Uint8Array(60_000).fill(index)
      for (let index = 0; index < 9; index++) {
        expect(all[index % 3]?.write(payload(index))).toBe(true)
      }

      await settled()

      const digits = writes().map((each) => each.join(' ').match(/(?<=82 7e ea 60) \d\d/g))
      expect(digits).toEqual([
        [' 00', ' 03', ' 06'],
        [' 01', ' 04', ' 07'],
        [' 02', ' 05', ' 08'],
      ])
    })

    it('a transport that keeps the bytes keeps them for itself', async () => {
      const { all, toAll, writes } = three()
      const slow = all[1]
      if (slow !== undefined) slow.gate.shut = true
      toAll('a')
      await settled()
      all[0]?.write('z')
      all[2]?.write('z')

      await settled()

      expect(slow?.writer.isBusy).toBe(true)
      expect(writes()).toEqual([['81 01 61', '81 01 7a'], ['81 01 61'], ['81 01 61', '81 01 7a']])
    })
  })

  it('text that is larger than the slab is serialised once for all sessions of a turn', () => {
    const environment = memoryEnvironment()
    const written: Uint8Array[] = []
    const gates = [1, 2, 3].map(() => {
      const gate = new Gate()
      gate.write = (bytes) => {
        written.push(bytes)
        return 'taken'
      }
      return gate
    })
    const text = 'a'.repeat(200_000)
    for (const gate of gates) {
      expect(open({ environment, gate }).write(text, true)).toBe(true)
    }

    expect(written.length).toBe(3)
    expect(written[0]?.length).toBe(200_010)
    expect(written[1]).toBe(written[0])
    expect(written[2]).toBe(written[0])
  })

  describe('when a broadcast goes over the end of the slab', () => {
    it('each session writes the bytes that it would write alone, and no frame is refused', async () => {
      const pick = picker(1)
      const crowd = new SlabCrowd(MEMBERS + 1)
      const broken: number[] = []
      for (let turn = 0; turn < 150; turn++) {
        const late: [number, SharedText][] = []
        const texts = Array.from({ length: 1 + pick(3) }, () => textOf(pick))
        if (pick(8) === 0) crowd.shut(pick(MEMBERS + 1))
        for (const text of texts) {
          for (let index = 0; index < MEMBERS; index++) {
            if (pick(3) === 0) late.push([index, text])
            else crowd.send(index, text)
            if (pick(20) === 0) crowd.send(pick(MEMBERS), `own ${turn} ${index}`)
          }
        }
        crowd.fillUntil(MEMBERS, 10 + pick(pick(2) === 0 ? 60 : 1400))
        for (const [index, text] of late) crowd.send(index, text)
        if (pick(4) > 0) broken.push(...(await crowd.endTurn()))
      }
      broken.push(...(await crowd.endTurn()))

      expect(broken).toEqual([])
    })

    it('a session that sends it last is not refused, though others sent since', async () => {
      const crowd = new SlabCrowd(4)
      const text = 'p'.repeat(1000)
      crowd.send(0, text)
      crowd.send(1, text)
      crowd.fillUntil(3, 500)
      crowd.send(2, text)

      expect(await crowd.endTurn()).toEqual([])
    })

    it('the second of two broadcasts does not cut the first off, though others sent since', async () => {
      const crowd = new SlabCrowd(4)
      const [first, second] = ['a'.repeat(1000), 'b'.repeat(20)]
      for (const index of [0, 1, 2]) crowd.send(index, first)
      for (const index of [0, 1]) crowd.send(index, second)
      crowd.fillUntil(3, 50)
      crowd.send(2, second)

      expect(await crowd.endTurn()).toEqual([])
    })
  })

  it('a Close frame that may not be sent leaves the memory free', async () => {
    const environment = memoryEnvironment()
    const { gate, writer, write } = open({ environment })
    const stretch = writer.roomFor(MAX_CLOSE_FRAME_BYTES)
    expect(() => stretch?.writeClose(new CloseReason(1006))).toThrow(RangeError)
    write('a')

    await settled()

    expect(gate.writes).toEqual(['81 01 61'])
    expect(stretchPoolOf(environment).output.end).toBe(0)
  })

  it('a write that throws leaves the frames of other sessions whole', async () => {
    const environment = memoryEnvironment()
    const gate = new Gate()
    gate.write = () => {
      throw new Error('a bug of somebody else')
    }
    const broken = open({ environment, gate })
    const others = [open({ environment }), open({ environment })]
    broken.write('x')
    expect(() => broken.writer.stretch?.writeOut()).toThrow('a bug')

    // More than the slab holds: it may be exchanged on the way.
    for (let turn = 0; turn < 6; turn++) {
      for (const { write } of others) {
        write('tick', true)
        write(new Uint8Array(20_000))
      }
      await settled()
    }

    for (const other of others) {
      expect(other.gate.writes.map((bytes) => bytes.slice(0, 29))).toEqual(
        Array<string>(6).fill('81 04 74 69 63 6b 82 7e 4e 20'),
      )
    }
  })
})

describe('StretchPool', () => {
  it('a session has a stretch from its first frame of a turn until the turn ends', async () => {
    const { writer, write } = open()
    expect(writer.stretch).toBe(null)
    write('a')
    expect(writer.stretch).not.toBe(null)

    await settled()

    expect(writer.stretch).toBe(null)
  })

  it('a stretch serves another session in the next turn, with the mask and transport of that session', async () => {
    const environment = memoryEnvironment()
    const first = open({ environment })
    const second = open({ environment, masking: true })
    first.write('a')
    const { stretch } = first.writer
    await settled()

    second.write('b')
    expect(second.writer.stretch).toBe(stretch)
    await settled()

    expect(first.gate.writes).toEqual(['81 01 61'])
    expect(second.gate.writes).toEqual(['81 81 01 02 03 04 63'])
  })

  it('a frame that is sent while the stretch is written goes into another stretch', async () => {
    const gate = new Gate()
    const { writer, write } = open({ gate })
    const original = gate.write.bind(gate)
    gate.write = (bytes) => {
      const outcome = original(bytes)
      if (gate.writes.length === 1) write('b')
      return outcome
    }
    write('a')
    const before = writer.stretch

    await settled()

    expect(gate.writes).toEqual(['81 01 61', '81 01 62'])
    expect(writer.stretch).toBe(null)
    expect(before).not.toBe(null)
  })

  it('a spare stretch keeps no session in memory', async () => {
    const environment = memoryEnvironment()
    const sessions = Array.from({ length: 3 }, () => sendOnce(environment))

    await settled()
    collectGarbage()

    expect(sessions.map((session) => session.deref())).toEqual([undefined, undefined, undefined])
  })

  it('two sessions never have the same stretch', () => {
    const environment = memoryEnvironment()
    const all = [1, 2, 3].map(() => open({ environment }))
    for (const { write } of all) write('a')

    expect(new Set(all.map(({ writer }) => writer.stretch)).size).toBe(3)
  })
})

describe('stretchPoolOf()', () => {
  it('returns the same pool for all sessions of an environment', () => {
    const environment = memoryEnvironment()

    expect(stretchPoolOf(environment)).toBe(stretchPoolOf(environment))
    expect(stretchPoolOf(environment)).not.toBe(stretchPoolOf(memoryEnvironment()))
  })
})
