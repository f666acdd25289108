/** The errors of the frame classes and of `send` for a value that is no payload. */

/**
 * Throws for `value` as the payload of `frame` (such as `Frame.Ping`), and names valid values.
 * Other views and buffers are refused, not converted: guessing their byte order or extent has sent
 * uninitialised memory elsewhere (CVE-2026-45736).
 */
export function refusePayload(frame: string, value: unknown, expected: string): never {
  throw new TypeError(
    `Cannot make ${frame} of ${kindOf(value)}: expected ${expected}${hintFor(value)}`,
  )
}

/**
 * Throws for `value` as data to send. Says how to send an object, which is the usual mistake.
 *
 * @param act such as `send`.
 */
export function refuseData(act: string, value: unknown, expected: string): never {
  const hint =
    hintFor(value) ||
    (typeof value === 'object' && value !== null ? ' (or text: JSON.stringify(value))' : '')
  throw new TypeError(`Cannot ${act} ${kindOf(value)}, expected ${expected}${hint}`)
}

function hintFor(value: unknown): string {
  if (value instanceof ArrayBuffer) return ' (wrap it: new Uint8Array(buffer))'
  return ArrayBuffer.isView(value)
    ? ' (wrap it: new Uint8Array(view.buffer, view.byteOffset, view.byteLength))'
    : ''
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  if (typeof value !== 'object') return `a value of type ${typeof value}`
  return `an object of class ${Object.prototype.toString.call(value).slice(8, -1)}`
}
