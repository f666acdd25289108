/** The errors of the frame classes and of `send` for a value that is no payload. */

/**
 * Throws for `value` as the payload of `frame` (such as `Frame.Ping`), and names valid values.
 * Other views and buffers are refused, not converted: guessing their byte order or extent has sent
 * uninitialised memory elsewhere (CVE-2026-45736).
 */
export function refusePayload(frame: string, value: unknown, expected: string): never {
  refuseData(`make ${frame} of`, value, expected)
}

/**
 * Throws for `value` as data, and says how a buffer is sent.
 *
 * @param act such as `send`.
 */
export function refuseData(act: string, value: unknown, expected: string): never {
  const hint =
    value instanceof ArrayBuffer
      ? ' (wrap it: new Uint8Array(buffer))'
      : ArrayBuffer.isView(value)
        ? ' (wrap it: new Uint8Array(view.buffer, view.byteOffset, view.byteLength))'
        : ''
  throw new TypeError(`Cannot ${act} ${kindOf(value)}: expected ${expected}${hint}`)
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  if (typeof value !== 'object') return `a value of type ${typeof value}`
  return `an object of class ${Object.prototype.toString.call(value).slice(8, -1)}`
}
