import { describe, expect, it } from 'vitest'
import type { ExtensionSession } from '../../src/extensions/extension.ts'
import { MessageFrame, transform } from '../../src/extensions/message-frame.ts'
import { hex, toHex } from '../support/bytes.ts'

describe('MessageFrame', () => {
  it('byteLength counts UTF-8 without encoding it', () => {
    const frame = new MessageFrame('text', true, true, 'é€', 0)

    expect(frame.byteLength).toBe(5)
    expect(frame.content).toBe('é€')
  })

  it('payload of text is its UTF-8, encoded once', () => {
    const frame = new MessageFrame('text', true, true, 'é€', 0)

    expect(toHex(frame.payload)).toBe('c3 a9 e2 82 ac')
    expect(frame.payload).toBe(frame.payload)
    expect(frame.isChanged).toBe(false)
  })

  it('knows that its payload was set', () => {
    const frame = new MessageFrame('binary', true, true, hex('01'), 0)
    const other = hex('02')
    frame.payload = other

    expect([frame.content, frame.isChanged]).toEqual([other, true])
  })

  it('keep() copies bytes of the sender, and nothing else', () => {
    const sent = hex('01 02')
    const frame = new MessageFrame('binary', true, true, sent, 0)
    frame.keep()
    sent.fill(0)
    const made = hex('03')
    const changed = new MessageFrame('binary', true, true, sent, 0)
    changed.payload = made
    changed.keep()

    expect(toHex(frame.payload)).toBe('01 02')
    expect(changed.payload).toBe(made)
  })
})

/** Appends its letter, at once or later. */
function appending(letter: string, later = false): ExtensionSession {
  const append = (frame: { payload: Uint8Array }): Promise<void> | void => {
    const add = (): void => {
      frame.payload = new TextEncoder().encode(new TextDecoder().decode(frame.payload) + letter)
    }
    if (later) return Promise.resolve().then(add)
    add()
  }
  return { outgoing: append, incoming: append, dispose: () => {} }
}

describe('transform()', () => {
  it('is through at once when no extension takes time', () => {
    const frame = new MessageFrame('text', true, true, '', 0)
    const pending = transform([appending('a'), appending('b')], 'outgoing', frame)

    expect(pending).toBeNull()
    expect(new TextDecoder().decode(frame.payload)).toBe('ab')
  })

  it('keeps the order when some of them take time', async () => {
    const frame = new MessageFrame('text', true, true, '', 0)
    const list = [appending('a'), appending('b', true), appending('c'), appending('d', true)]
    await transform(list, 'incoming', frame)

    expect(new TextDecoder().decode(frame.payload)).toBe('abcd')
  })
})
