/** A data frame on its way through the extensions of a session. */

import { encodeUtf8, payloadSize, type PreparedFrame } from '../protocol/internal.ts'
import type { ExtensionFrame, ExtensionSession } from './extension.ts'

/**
 * Carries one frame from extension to extension. Text stays a string until an extension reads its
 * bytes.
 */
export class MessageFrame implements ExtensionFrame {
  readonly type: 'text' | 'binary'
  readonly isFirst: boolean
  readonly fin: boolean
  reservedBits: number
  /** Whether an extension has set the payload. */
  isChanged = false
  /** The prepared message that this frame was made from, if any. */
  readonly prepared: PreparedFrame | null
  #content: string | Uint8Array

  constructor(
    type: 'text' | 'binary',
    isFirst: boolean,
    fin: boolean,
    content: string | Uint8Array,
    reservedBits: number,
    prepared: PreparedFrame | null = null,
  ) {
    this.type = type
    this.isFirst = isFirst
    this.fin = fin
    this.reservedBits = reservedBits
    this.#content = content
    this.prepared = prepared
  }

  get byteLength(): number {
    return payloadSize(this.#content)
  }

  get payload(): Uint8Array {
    if (typeof this.#content === 'string') this.#content = encodeUtf8(this.#content)
    return this.#content
  }

  set payload(bytes: Uint8Array) {
    this.#content = bytes
    this.isChanged = true
  }

  /** The payload in its current form: a string if no extension has read its bytes. */
  get content(): string | Uint8Array {
    return this.#content
  }

  /** Makes the payload independent of the sender's memory, for a frame that is kept. */
  keep(): void {
    if (typeof this.#content === 'string' || this.isChanged || this.prepared !== null) return
    this.#content = new Uint8Array(this.#content)
  }
}

/**
 * Passes `frame` through `extensions`, from the first to the last.
 *
 * @returns `null` when it has finished; otherwise a promise. In both cases an error of an extension
 *   is thrown.
 */
export function transform(
  extensions: readonly ExtensionSession[],
  direction: 'outgoing' | 'incoming',
  frame: ExtensionFrame,
): Promise<void> | null {
  for (let at = 0; at < extensions.length; at++) {
    const pending = extensions[at]?.[direction](frame)
    if (pending !== undefined) return continueAfter(pending, extensions, direction, frame, at + 1)
  }
  return null
}

async function continueAfter(
  pending: Promise<void>,
  extensions: readonly ExtensionSession[],
  direction: 'outgoing' | 'incoming',
  frame: ExtensionFrame,
  next: number,
): Promise<void> {
  await pending
  for (const extension of extensions.slice(next)) await extension[direction](frame)
}
