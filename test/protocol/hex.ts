/** Bytes as people write them: `hex('81 05 48 65 6c 6c 6f')`. */
export function hex(text: string): Uint8Array {
  const digits = text.replace(/\s+/g, '')
  if (!/^([0-9a-f]{2})*$/.test(digits)) throw new Error(`Cannot read hex "${text}"`)
  return new Uint8Array(Buffer.from(digits, 'hex'))
}

/** The inverse of `hex`, with a blank between bytes. */
export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ')
}

/** UTF-8 of `text`, made by the platform. */
export function utf8(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'utf8'))
}
