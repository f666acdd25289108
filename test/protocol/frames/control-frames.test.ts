import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { PingFrame, PongFrame } from '../../../src/protocol/frames/control-frames.ts'
import { hex } from '../../support/bytes.ts'

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
