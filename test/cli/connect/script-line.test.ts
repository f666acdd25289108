import { describe, expect, it } from 'vitest'
import { readLine } from '../../../src/cli/connect/script-line.ts'
import { CloseReason, Frame } from '../../../src/protocol/index.ts'

describe('readLine()', () => {
  it('reads text, and a slash that is doubled as text', () => {
    expect(readLine('hello')).toEqual({ type: 'send', frames: [new Frame.Text('hello')] })
    expect(readLine('//a')).toEqual({ type: 'send', frames: [new Frame.Text('/a')] })
    expect(readLine('')).toEqual({ type: 'nothing' })
  })

  it('reads bytes', () => {
    const bytes = new Frame.Binary(Buffer.from([1, 0xff]))

    expect(readLine('/binary 01 Ff')).toEqual({ type: 'send', frames: [bytes] })
  })

  it('cuts fragments between characters, also those of two UTF-16 units', () => {
    const frames = [
      new Frame.Text('a😀', { fin: false }),
      new Frame.Text('ü b', { fin: false }),
      new Frame.Text('c'),
    ]
    expect(readLine('/fragment 2 a😀')).toEqual({ type: 'send', frames: [new Frame.Text('a😀')] })
    expect(readLine('/fragment 3 ü bc')).toEqual({ type: 'send', frames: frames.slice(1) })
  })

  it('reads pings, closes and publishes', () => {
    expect(readLine('/ping hi')).toEqual({ type: 'ping', payload: new TextEncoder().encode('hi') })
    expect(readLine('/close')).toEqual({ type: 'close', reason: new CloseReason(1000) })
    expect(readLine('/close 4001 see you')).toEqual({
      type: 'close',
      reason: new CloseReason(4001, 'see you'),
    })
    expect(readLine('/publish a/b {"c": 1}')).toEqual({
      type: 'publish',
      topic: 'a/b',
      event: { c: 1 },
    })
  })

  it.each([
    '/nothing',
    '/ text',
    '/binary 0',
    '/binary 0g',
    '/binary @/no/such/file',
    '/fragment x',
    '/fragment 0 x',
    '/fragment 2',
    `/ping ${'x'.repeat(126)}`,
    '/close 1005',
    '/close 999',
    '/close text',
    `/close 1000 ${'x'.repeat(124)}`,
    '/publish a',
    '/publish a {',
  ])('refuses "%s"', (line) => {
    expect(() => readLine(line)).toThrow(/^Cannot (run|read)/)
  })
})
