import { describe, expect, it } from 'vitest'

import { rulesFor } from '../../src/protocol/frames/decoder-options.ts'
import type { FrameDecoder } from '../../src/protocol/frames/frame-decoder.ts'
import type { FrameSink } from '../../src/protocol/frames/frame-sink.ts'
import { borrowDecoder, settleDecoder, stoppedDecoder } from '../../src/protocol/spare-decoder.ts'
import { clientFrame } from '../support/peer.ts'

const RULES = rulesFor({ role: 'server' })
const UMLAUTS = 'ä'.repeat(3000)

/** A connection that borrows a decoder for each read, and what it has heard. */
class Connection implements FrameSink {
  readonly heard: string[] = []
  decoder: FrameDecoder | null = null
  /** Called for each text. */
  onText: () => void = () => {}

  read(bytes: Uint8Array, rules = RULES): void {
    this.decoder ??= borrowDecoder(this, rules)
    this.decoder.receive(bytes)
    this.decoder = settleDecoder(this.decoder)
  }

  text(payload: Uint8Array): void {
    this.heard.push(`text ${payload.length}`)
    this.onText()
  }

  asciiText(text: string): void {
    this.heard.push(`ascii ${text.length}`)
  }

  binary(payload: Uint8Array): void {
    this.heard.push(`binary ${payload.length}`)
  }

  ping(): void {
    this.heard.push('ping')
  }

  pong(): void {
    this.heard.push('pong')
  }

  close(): void {
    this.heard.push('close')
  }

  violation({ closeCode }: { closeCode: number }): void {
    this.heard.push(`violation ${closeCode}`)
  }
}

describe('borrowDecoder()', () => {
  it('one decoder reads for several connections, each with its own rules', () => {
    const [one, two] = [new Connection(), new Connection()]

    one.read(clientFrame('text', 'abc'))
    two.read(clientFrame('text', 'abc'), rulesFor({ role: 'server', maxFrameSize: 2 }))
    one.read(clientFrame('binary', 'abcd'))

    expect(one.heard).toEqual(['text 3', 'binary 4'])
    expect(two.heard).toEqual(['violation 1009'])
    expect(one.decoder).toBeNull()
  })

  it('a connection keeps its decoder while a header, a payload or a message is incomplete', () => {
    const frame = clientFrame('text', 'abc')
    const cuts = [1, 4, frame.length - 1].map((at) => [frame.subarray(0, at), frame.subarray(at)])
    const fragments = [clientFrame('text', 'a', { fin: false }), clientFrame('continuation', 'b')]

    for (const [first, rest] of [...cuts, fragments]) {
      const connection = new Connection()
      connection.read(first!)
      expect(connection.decoder).not.toBeNull()
      new Connection().read(clientFrame('ping', ''))
      connection.read(rest!)
      expect(connection.decoder).toBeNull()
      expect(connection.heard.at(-1)).toMatch(/^text/)
    }
  })

  it('a connection that is read while another is read gets a decoder of its own', () => {
    const [outer, inner] = [new Connection(), new Connection()]
    outer.onText = () => inner.read(clientFrame('text', 'b'.repeat(7)))
    const two = new Uint8Array([...clientFrame('text', 'a'), ...clientFrame('text', 'aa')])

    outer.read(two)

    expect(outer.heard).toEqual(['text 1', 'text 2'])
    expect(inner.heard).toEqual(['text 7', 'text 7'])
  })

  it('after a Close frame or a violation nothing more is read, and others read on', () => {
    const [closed, broken, other] = [new Connection(), new Connection(), new Connection()]
    closed.read(clientFrame('close', ''))
    broken.read(new Uint8Array([0xff, 0x80, 0, 0, 0, 0]))

    for (const connection of [closed, broken, other]) connection.read(clientFrame('text', 'a'))

    expect(closed.heard).toEqual(['close'])
    expect(broken.heard).toEqual(['violation 1002'])
    expect(other.heard).toEqual(['text 1'])
  })

  it('a long text that is not ASCII does not change how other connections are read', () => {
    const [umlauts, ascii] = [new Connection(), new Connection()]
    umlauts.read(clientFrame('text', UMLAUTS))

    ascii.read(clientFrame('text', 'a'.repeat(3000)))

    expect(umlauts.heard).toEqual(['text 6000'])
    expect(ascii.heard).toEqual(['ascii 3000'])
  })

  it('a long text that is not ASCII does not change the next connection after a Close frame', () => {
    const [umlauts, ascii] = [new Connection(), new Connection()]
    umlauts.read(clientFrame('text', UMLAUTS))
    umlauts.read(clientFrame('close', ''))

    ascii.read(clientFrame('text', 'a'.repeat(3000)))

    expect(umlauts.heard).toEqual(['text 6000', 'close'])
    expect(ascii.heard).toEqual(['ascii 3000'])
    expect(ascii.decoder).toBeNull()
  })
})

describe('stoppedDecoder()', () => {
  it('reads nothing, whatever is asked of it', () => {
    const decoder = stoppedDecoder()
    decoder.pause()
    decoder.resume()
    decoder.receive(clientFrame('text', 'a'))
    decoder.stop()

    expect([decoder.isPaused, decoder.heldBytes, decoder.keptBytes]).toEqual([false, 0, 0])
    expect(settleDecoder(decoder)).toBe(decoder)
  })
})
