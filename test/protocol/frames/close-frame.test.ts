import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { CloseFrame } from '../../../src/protocol/frames/close-frame.ts'
import { CloseReason } from '../../../src/protocol/closing/close-reason.ts'
import { hex } from '../../support/bytes.ts'

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
