/** Prints frames for logs, the inspector and failed assertions. Long payloads are shortened. */

import { previewUtf8 } from './text.ts'

const SHOWN_CHARACTERS = 48
const SHOWN_BYTES = 16

/**
 * Prints a text frame, such as `Frame.Text "hello"`, or `Frame.Text(part) "hel"` for a fragment
 * that is not the last.
 */
export function displayText(payload: string | Uint8Array, fin: boolean): string {
  const size = payload.length
  const shown =
    typeof payload === 'string'
      ? payload.slice(0, SHOWN_CHARACTERS)
      : previewUtf8(payload.subarray(0, SHOWN_CHARACTERS))
  const unit = typeof payload === 'string' ? 'characters' : 'bytes'
  const rest = size > SHOWN_CHARACTERS ? `… (${size} ${unit})` : ''
  return `Frame.Text${part(fin)} ${quote(shown)}${rest}`
}

/**
 * Quotes `text`, and escapes characters that would control a terminal or change the order of its
 * text.
 */
export function quote(text: string): string {
  // JSON escapes characters below U+0020. Above are the C1 controls (U+009B begins a sequence as
  // ESC [ does), line separators, and marks that change the direction of text.
  return JSON.stringify(text).replaceAll(
    /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** Prints a frame of bytes, such as `Frame.Binary <de ad>` or `Frame.Ping <>`. */
export function displayBytes(name: string, payload: Uint8Array, fin: boolean): string {
  const shown = Array.from(payload.subarray(0, SHOWN_BYTES), (byte) =>
    byte.toString(16).padStart(2, '0'),
  )
  const rest = payload.length > SHOWN_BYTES ? `… (${payload.length} bytes)` : ''
  return `Frame.${name}${part(fin)} <${shown.join(' ')}>${rest}`
}

/**
 * Makes frames of a class print themselves with `display`, in Node's inspector too.
 *
 * @returns the class.
 */
export function printable<Class extends { readonly prototype: object }>(
  frameClass: Class,
  display: (frame: Class['prototype']) => string,
): Class {
  Object.defineProperty(frameClass.prototype, 'toString', {
    configurable: true,
    writable: true,
    value(this: Class['prototype']): string {
      return display(this)
    },
  })
  inspectAsString(frameClass.prototype)
  return frameClass
}

/** Makes Node's inspector (`console.log`, assertions) print the result of `toString`. */
export function inspectAsString(prototype: { toString(): string }): void {
  Object.assign(prototype, {
    [Symbol.for('nodejs.util.inspect.custom')](this: { toString(): string }): string {
      return this.toString()
    },
  })
}

function part(fin: boolean): string {
  return fin ? '' : '(part)'
}
