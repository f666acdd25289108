import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import {
  displayBytes,
  displayText,
  inspectAsString,
  printable,
  quote,
} from '../../src/protocol/frame-display.ts'
import { hex } from '../support/bytes.ts'

describe('displayText()', () => {
  it('displayText() shows short text whole, quoted, and says what is a part', () => {
    expect(displayText('a "b"\n', true)).toBe('Frame.Text "a \\"b\\"\\n"')
    expect(displayText(hex('c3 a4'), false)).toBe('Frame.Text(part) "ä"')
  })

  it('displayText() shows the beginning of long text, and bytes that are not UTF-8', () => {
    expect(displayText('x'.repeat(49), true)).toBe(
      `Frame.Text "${'x'.repeat(48)}"… (49 characters)`,
    )
    expect(displayText(hex('61 ff'), true)).toBe('Frame.Text "a\ufffd"')
  })
})

describe('quote()', () => {
  it('quote() escapes what a terminal would act on, and leaves text of all languages', () => {
    expect(quote('\u001b[2J\u0007\r\n')).toBe('"\\u001b[2J\\u0007\\r\\n"')
    expect(quote('\u009b2J\u007f\u0085')).toBe('"\\u009b2J\\u007f\\u0085"')
    expect(quote('a\u202eb\u2066c\u2028')).toBe('"a\\u202eb\\u2066c\\u2028"')
    expect(quote('ä “日本” שלום 🚢')).toBe('"ä “日本” שלום 🚢"')
  })
})

describe('displayBytes()', () => {
  it('displayBytes() shows up to 16 bytes as hex', () => {
    expect(displayBytes('Ping', hex(''), true)).toBe('Frame.Ping <>')
    expect(displayBytes('Binary', hex('0a ff'), false)).toBe('Frame.Binary(part) <0a ff>')
    expect(displayBytes('Binary', new Uint8Array(1000), true)).toBe(
      `Frame.Binary <${'00 '.repeat(15)}00>… (1000 bytes)`,
    )
  })
})

describe('printable()', () => {
  it('printable() makes things of a class print themselves', () => {
    class Thing {
      readonly name = 'lock'
    }
    const same = printable(Thing, (thing) => `Thing ${thing.name}`)

    expect(same).toBe(Thing)
    expect(inspect(new Thing())).toBe('Thing lock')
    expect(Thing.prototype.toString.call(new Thing())).toBe('Thing lock')
    expect(Object.keys(Thing.prototype)).toEqual([])
  })
})

describe('inspectAsString()', () => {
  it('inspectAsString() makes the inspector show what toString() says', () => {
    class Thing {
      toString(): string {
        return 'a thing'
      }
    }
    inspectAsString(Thing.prototype)

    expect(inspect({ thing: new Thing() })).toBe('{ thing: a thing }')
  })
})
