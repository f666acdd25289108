import { describe, expect, it } from 'vitest'

import { WaitingControl } from '../../../src/session/writing/waiting-control.ts'
import { Writer } from '../../support/stretch-writer.ts'

function open() {
  const writer = new Writer()
  const written = (): string[] => {
    writer.stretch?.writeOut()
    return writer.transport.writes
  }
  return { writer, waiting: new WaitingControl(writer), written }
}

describe('WaitingControl', () => {
  it('keeps the newest ping and pong, and writes the pong first, once', () => {
    const { waiting, written } = open()
    waiting.ping(Uint8Array.of(1))
    waiting.ping(Uint8Array.of(2))
    waiting.pong(Uint8Array.of(3))
    waiting.pong(Uint8Array.of(4))

    waiting.write()
    waiting.write()

    expect(written()).toEqual(['8a 01 04 89 01 02'])
  })

  it('keeps a copy of the payload of a pong', () => {
    const { waiting, written } = open()
    const piece = new Uint8Array(1024).fill(7)
    waiting.pong(piece.subarray(0, 1))
    piece.fill(8)

    waiting.write()

    expect(written()).toEqual(['8a 01 07'])
  })

  it('writeBeat() writes the newest answer to a heartbeat as text, and write() does not', () => {
    const { waiting, written } = open()
    waiting.beat(Uint8Array.of(0x61))
    waiting.beat(Uint8Array.of(0x62))
    waiting.write()
    expect(written()).toEqual([])

    waiting.writeBeat()

    expect(written()).toEqual(['81 01 62'])
  })

  it('writes nothing while the transport is backlogged', () => {
    const { waiting, writer, written } = open()
    waiting.ping(Uint8Array.of(1))
    writer.isBusy = true
    waiting.write()
    expect(written()).toEqual([])

    writer.isBusy = false
    waiting.write()

    expect(written()).toEqual(['89 01 01'])
  })
})
