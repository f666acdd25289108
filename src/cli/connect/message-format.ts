/**
 * How received messages are printed.
 */

import { Frame } from '../../protocol/index.ts'
import { hexOf, printable, printableLines } from '../printable.ts'

/**
 * - `line`: a message a line. Unsafe characters are escaped; bytes are hex.
 * - `json`: the same, but JSON is laid out over several lines.
 * - `null`: the bytes of each message, then a NUL byte.
 * - `base64`: the bytes of each message, a message a line.
 */
export type MessageFormat = 'line' | 'json' | 'null' | 'base64'

/** How many bytes of a binary message are shown on a terminal. */
const SHOWN_BYTES = 256

/**
 * Returns the output for one message, with its end.
 *
 * @param isTerminal whether the output is a terminal: it then gets no raw bytes, and binary
 *   messages are cut.
 */
export function formatMessage(
  frame: Frame,
  format: MessageFormat,
  isTerminal: boolean,
): string | Uint8Array {
  if (format === 'base64') return `${Buffer.from(frame.buffer).toString('base64')}\n`
  if (format === 'null' && !isTerminal) return Buffer.concat([frame.buffer, Buffer.of(0)])
  if (frame instanceof Frame.Text) return `${formatText(frame.readText(), format)}\n`
  const { buffer } = frame
  const hex = hexOf(buffer, isTerminal ? SHOWN_BYTES : Infinity)
  return `[binary, ${buffer.length} bytes] ${hex}`.trimEnd() + '\n'
}

/** Returns a text for the screen, without its end. */
export function formatText(text: string, format: MessageFormat): string {
  return (format === 'json' ? layOut(text) : null) ?? printable(text)
}

/** Returns JSON over several lines; `null` if `text` is not JSON. */
function layOut(text: string): string | null {
  try {
    return printableLines(JSON.stringify(JSON.parse(text), null, 2))
  } catch {
    return null
  }
}
