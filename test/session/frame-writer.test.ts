import { describe, expect, it } from 'vitest'

import { CloseReason } from '../../src/protocol/index.ts'
import { FrameWriter } from '../../src/session/frame-writer.ts'
import { Gate } from '../support/gate.ts'
import { memoryEnvironment, settled } from '../support/memory-world.ts'

const TEXT = 1
const BINARY = 2

function open({ masking = false } = {}) {
  const gate = new Gate()
  const heard: string[] = []
  const frames = new FrameWriter(gate, memoryEnvironment(), masking, {
    writeQueued: () => void heard.push('queued'),
  })
  const write = (payload: string | Uint8Array): boolean => {
    const hasRoom = frames.makeRoom(payload)
    if (hasRoom) frames.write(typeof payload === 'string' ? TEXT : BINARY, true, 0, payload)
    return hasRoom
  }
  return { gate, frames, write, heard }
}

describe('FrameWriter', () => {
  it('all frames of a turn leave in one write, when the turn ends', async () => {
    const { gate, frames, write } = open()
    write('a')
    write(Uint8Array.of(7))
    expect(gate.writes).toEqual([])
    expect(frames.bufferedBytes).toBe(6)

    await settled()

    expect(gate.writes).toEqual(['81 01 61 82 01 07'])
    expect(frames.bufferedBytes).toBe(0)
  })

  it('write() sets fin, the opcode and the reserved bits as it is told', async () => {
    const { gate, frames } = open()
    frames.makeRoom('a')
    frames.write(TEXT, false, 4, 'a')

    await settled()

    expect(gate.writes).toEqual(['41 01 61'])
  })

  it('masking takes a fresh key for every frame', async () => {
    const { gate, frames, write } = open({ masking: true })
    write(Uint8Array.of(0, 0, 0, 0))
    write(Uint8Array.of(0, 0, 0, 0))
    frames.masking = false
    write('a')

    await settled()

    expect(gate.writes).toEqual([
      '82 84 01 02 03 04 01 02 03 04 82 84 05 06 07 08 05 06 07 08 81 01 61',
    ])
  })

  it('writeOut() does not wait for the end of the turn, and the turn then adds nothing', async () => {
    const { gate, frames, write } = open()
    write('a')

    frames.writeOut()
    expect(gate.writes).toEqual(['81 01 61'])
    await settled()

    expect(gate.writes.length).toBe(1)
  })

  it('nothing is serialised from a queued write until the transport has drained', async () => {
    const { gate, frames, write, heard } = open()
    gate.shut = true
    write('a')
    await settled()
    expect(heard).toEqual(['queued'])
    expect(frames.isBacklogged).toBe(true)
    expect(frames.bufferedBytes).toBe(3)

    expect(write('b')).toBe(false)
    expect(frames.writeClose(null)).toBe(false)
    frames.writeOut()
    expect(gate.writes).toEqual(['81 01 61'])

    gate.shut = false
    frames.isBacklogged = false
    expect(write('b')).toBe(true)
    await settled()
    expect(gate.writes).toEqual(['81 01 61', '81 01 62'])
  })

  it('two writers of one turn keep their own frames in order', async () => {
    const one = open()
    const other = open()
    for (const letter of 'ab') {
      one.write(letter)
      other.write(letter.toUpperCase())
    }
    expect(one.frames.bufferedBytes).toBe(6)

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

  it('makeRoom() writes out what is in the way, and says false if the transport keeps it', () => {
    const { gate, write, frames } = open()
    write(new Uint8Array(100_000))
    gate.shut = true

    expect(frames.makeRoom(new Uint8Array(100_000))).toBe(false)
    expect(gate.writes.length).toBe(1)
  })

  it('writeClose() writes out at once, behind what was serialised', () => {
    const { gate, frames, write } = open()
    write('a')

    expect(frames.writeClose(new CloseReason(1000, 'bye'))).toBe(true)

    expect(gate.writes).toEqual(['81 01 61 88 05 03 e8 62 79 65'])
  })

  it('writeClose() writes an empty Close frame for null', () => {
    const { gate, frames } = open()

    frames.writeClose(null)

    expect(gate.writes).toEqual(['88 00'])
  })

  it('abandon() loses what was serialised, in the slab and out of it', async () => {
    const { gate, frames, write } = open()
    const other = open()
    write('a')
    other.write('A')
    write('b')

    frames.abandon()

    await settled()
    expect(frames.bufferedBytes).toBe(0)
    expect(gate.writes).toEqual([])
    expect(other.gate.writes).toEqual(['81 01 41'])
  })
})
