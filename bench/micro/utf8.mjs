/** UTF-8 checked: ASCII, and text of many scripts, from a short message to a long one. */

import { UTF8_BOUNDARY, checkUtf8 } from '../../dist/protocol/utf8.js'

const encoder = new TextEncoder()

export const title = 'UTF-8'

export const cases = [32, 1024, 65_536].flatMap((bytes) => [
  check(`ASCII, ${bytes} bytes`, encoder.encode('a'.repeat(bytes))),
  check(
    `many scripts, ${bytes} bytes`,
    encoder.encode('aé€😀日.x-'.repeat(bytes / 16)).slice(0, bytes),
  ),
])

function check(name, text) {
  return { name, bytes: text.length, run: () => checkUtf8(text, 0, text.length, UTF8_BOUNDARY) }
}
