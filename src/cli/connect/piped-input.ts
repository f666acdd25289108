/**
 * Messages from standard input: a line a message, or as `--null` and `--base64` say.
 */

import type { Readable } from 'node:stream'

import { Frame } from '../../protocol/index.ts'
import { UsageError } from '../exit-code.ts'
import { printable } from '../printable.ts'

/** How the input is divided, and what it becomes. */
export interface InputFormat {
  readonly separator: 'line' | 'null'
  readonly encoding: 'text' | 'binary' | 'base64'
  /** The limit of one message, in bytes of input. */
  readonly maxBytes: number
}

const NEWLINE = 0x0a
const RETURN = 0x0d

/**
 * Calls `send` with each message, one after another. Resolves at the end of the input.
 *
 * @param send its promise is awaited before more input is read.
 * @throws (by rejecting) {UsageError} for a message that is too long or invalid, and if the input
 *   cannot be read; the error of `send`.
 */
export async function readPipedInput(
  input: Readable,
  format: InputFormat,
  send: (frame: Frame) => Promise<void>,
): Promise<void> {
  const separator = format.separator === 'null' ? 0 : NEWLINE
  let held: Uint8Array[] = []
  let heldBytes = 0
  let number = 0
  const add = (part: Uint8Array): void => {
    held.push(part)
    heldBytes += part.length
    if (heldBytes <= format.maxBytes) return
    throw new UsageError(
      `Cannot send message ${number + 1} of the input: it is longer than --max-message ${format.maxBytes}`,
    )
  }
  const flush = async (): Promise<void> => {
    const whole = Buffer.concat(held)
    held = []
    heldBytes = 0
    number += 1
    await send(toFrame(whole, format, number))
  }
  for await (const chunk of readable(input)) {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : (chunk as Uint8Array) // its type
    let from = 0
    for (let at = bytes.indexOf(separator); at !== -1; at = bytes.indexOf(separator, from)) {
      add(bytes.subarray(from, at))
      await flush()
      from = at + 1
    }
    if (from < bytes.length) add(bytes.subarray(from))
  }
  if (heldBytes > 0) await flush()
}

/** An error of the input is one of the user's, and not an end of the input. */
async function* readable(input: Readable): AsyncGenerator<unknown> {
  try {
    yield* input
  } catch (cause) {
    // The end of the connection destroys the input.
    if (input.errored === null) throw cause
    const why = cause instanceof Error ? printable(cause.message) : ''
    throw new UsageError(`Cannot read standard input: ${why}`, { cause })
  }
}

function toFrame(message: Buffer, { separator, encoding }: InputFormat, number: number): Frame {
  const isReturn = separator === 'line' && message.at(-1) === RETURN
  const bytes = isReturn ? message.subarray(0, -1) : message
  if (encoding === 'binary') return new Frame.Binary(bytes)
  if (encoding === 'base64') return new Frame.Binary(decodeBase64(bytes, number))
  try {
    return new Frame.Text(UTF8.decode(bytes))
  } catch (cause) {
    throw new UsageError(
      `Cannot send message ${number} of the input: it is not UTF-8, expected --base64 or --binary`,
      { cause },
    )
  }
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function decodeBase64(bytes: Buffer, number: number): Uint8Array {
  const text = bytes.toString('latin1').trim()
  const decoded = Buffer.from(text, 'base64')
  const isCanonical = decoded.toString('base64').replaceAll('=', '') === text.replaceAll('=', '')
  if (isCanonical) return decoded
  throw new UsageError(`Cannot send message ${number} of the input: it is not base64`)
}
