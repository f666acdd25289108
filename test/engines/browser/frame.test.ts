import { describe, expect, it } from 'vitest'
import { Frame } from '../../../src/engines/browser/frame.ts'
import { Frame as AnyFrame } from '../../../src/protocol/index.ts'

describe('Frame in a browser', () => {
  it('Frame has the classes of messages, the same as everywhere, and no others', () => {
    expect(Object.keys(Frame)).toEqual(['Text', 'Binary'])
    expect(Frame.Text).toBe(AnyFrame.Text)
    expect(Frame.Binary).toBe(AnyFrame.Binary)
    // @ts-expect-error a page has no pings
    expect(Frame.Ping).toBeUndefined()
  })

  it('a frame of a page is one for code of all platforms', () => {
    const frame: AnyFrame = new Frame.Text('a') satisfies Frame

    expect(frame).toBeInstanceOf(AnyFrame.Text)
  })
})
