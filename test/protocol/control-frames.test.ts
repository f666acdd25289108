import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { CloseReason } from '../../src/protocol/close-reason.ts'
import { CloseFrame, PingFrame, PongFrame } from '../../src/protocol/control-frames.ts'
import { hex } from '../support/bytes.ts'

describe('CloseFrame', () => {
  it('S-43 CloseFrame.readReason() gives the reason, and null when there is no code', () => {
    const reason = new CloseReason(1000, 'done')

    expect(new CloseFrame(reason).readReason()).toBe(reason)
    expect(new CloseFrame().readReason()).toBeNull()
    expect(new CloseFrame(null).readReason()).toBeNull()
  })

  it('S-40 CloseFrame.buffer is the payload as it travels', () => {
    const frame = new CloseFrame(new CloseReason(1000, 'ok'))

    expect(frame.buffer).toEqual(hex('03 e8 6f 6b'))
    expect(frame.buffer).toBe(frame.buffer)
    expect(new CloseFrame().buffer).toHaveLength(0)
  })

  it('CloseFrame refuses a code that never travels', () => {
    for (const code of [999, 1004, 1005, 1006, 1015, 2999, 5000]) {
      expect(() => new CloseFrame(new CloseReason(code))).toThrow(RangeError)
    }
  })

  it('CloseFrame refuses what is no CloseReason', () => {
    // @ts-expect-error a number is no CloseReason
    expect(() => new CloseFrame(1000)).toThrow(
      'Cannot make Frame.Close of a value of type number: expected a CloseReason',
    )
    // @ts-expect-error a look-alike is no CloseReason
    expect(() => new CloseFrame({ code: 1000, message: '' })).toThrow(TypeError)
  })

  it('CloseFrame prints its reason', () => {
    expect(inspect(new CloseFrame(new CloseReason(1000, 'ok')))).toBe(
      'Frame.Close <CloseReason(1000 NORMAL, "ok")>',
    )
    expect(String(new CloseFrame())).toBe('Frame.Close <>')
    expect(new CloseFrame(new CloseReason(1000))).not.toEqual(new CloseFrame(new CloseReason(1001)))
  })
})

for (const [name, Control, type] of [
  ['Ping', PingFrame, 9],
  ['Pong', PongFrame, 10],
] as const) {
  describe(`${name}Frame`, () => {
    it(`S-40 ${name}Frame has the very bytes it was made of, none by default`, () => {
      const bytes = hex('01 02')

      expect(new Control(bytes).buffer).toBe(bytes)
      expect(new Control().buffer).toHaveLength(0)
      expect(new Control().fin).toBe(true)
      expect(new Control().frameType).toBe(type)
    })

    it(`${name}Frame refuses more than 125 bytes`, () => {
      expect(new Control(new Uint8Array(125)).buffer).toHaveLength(125)
      expect(() => new Control(new Uint8Array(126))).toThrow(RangeError)
      expect(() => new Control(new Uint8Array(126))).toThrow(
        `Cannot make Frame.${name} of 126 bytes: a control frame carries at most 125`,
      )
    })

    it(`${name}Frame refuses what is no Uint8Array`, () => {
      // A number once meant "that many uninitialised bytes" elsewhere: CVE-2016-10518.
      for (const wrong of [16, 'text', null, new Uint16Array(2), new ArrayBuffer(4)]) {
        // @ts-expect-error none of these is a payload
        expect(() => new Control(wrong)).toThrow(TypeError)
      }
    })

    it(`${name}Frame prints its bytes`, () => {
      expect(inspect(new Control(hex('00 ff')))).toBe(`Frame.${name} <00 ff>`)
      expect(new Control(hex('01'))).not.toEqual(new Control(hex('02')))
    })
  })
}
