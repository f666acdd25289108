/**
 * Conversions between bytes and text that every platform has. Frames and close reasons need no
 * others, so they run in browsers.
 */

/** An empty array of bytes. It can be shared because nothing can be written into it. */
export const EMPTY_BYTES: Uint8Array = new Uint8Array(0)

const encoder = new TextEncoder()
// Without `ignoreBOM`, a leading U+FEFF would be removed from the text.
const strictDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
// Pages do not use it, and bundlers can drop it.
const lenientDecoder = /* @__PURE__ */ new TextDecoder('utf-8', { ignoreBOM: true })

/**
 * Below this number of characters, a loop is faster than a call into the platform (8: 13 ns to 51
 * ns).
 */
const SHORT_TEXT_CHARACTERS = 24

/**
 * Whether `value` is a `Uint8Array` (`Buffer` included), even one from another realm (`vm`, test
 * runners).
 */
export function isBytes(value: unknown): value is Uint8Array {
  if (value instanceof Uint8Array) return true
  return (
    ArrayBuffer.isView(value) && Object.prototype.toString.call(value) === '[object Uint8Array]'
  )
}

/** Decodes `bytes`, and keeps a leading U+FEFF; `null` if they are not UTF-8. */
export function readUtf8(bytes: Uint8Array): string | null {
  try {
    return strictDecoder.decode(bytes)
  } catch (error) {
    if (error instanceof TypeError) return null
    throw error
  }
}

/** Decodes `bytes` for display: invalid UTF-8 becomes U+FFFD. */
export function previewUtf8(bytes: Uint8Array): string {
  return lenientDecoder.decode(bytes)
}

/** Encodes `text` as well-formed UTF-8, in fresh memory: a lone surrogate becomes U+FFFD. */
export function encodeUtf8(text: string): Uint8Array {
  return encoder.encode(text)
}

/**
 * Writes `text` into `target` from `offset` on, in the encoding of `encodeUtf8`.
 *
 * @returns the offset after the last byte written.
 * @throws {RangeError} when it does not fit; 3 bytes per character are always enough.
 */
export function writeUtf8(text: string, target: Uint8Array, offset: number): number {
  if (text.length < SHORT_TEXT_CHARACTERS && text.length <= target.length - offset) {
    let at = 0
    for (; at < text.length; at++) {
      const unit = text.charCodeAt(at)
      if (unit > 0x7f) break
      target[offset + at] = unit
    }
    if (at === text.length) return offset + at
  }
  const { read, written } = encoder.encodeInto(text, target.subarray(offset))
  if (read < text.length) throw new RangeError('Cannot write text: there is no room for all of it')
  return offset + written
}
