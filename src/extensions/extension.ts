/**
 * The interface of extensions (RFC 6455 §9): how an extension is negotiated, and how it changes
 * messages.
 *
 * An installed extension serves many sessions. A successful handshake gives an agreement, and each
 * session opens an instance from it, which holds the session's state.
 */

import type { ExtensionOffer } from '../protocol/index.ts'

/** The parameters of one offer or answer, in order; a parameter without a value has `null`. */
export type ExtensionParameters = ExtensionOffer['parameters']

/**
 * An extension changes messages on their way, as both sides negotiated in the handshake. Control
 * frames never pass through it.
 *
 * RFC 6455 §9; Ktor: `WebSocketExtension`.
 */
export interface Extension {
  /** The name in `Sec-WebSocket-Extensions`: a token, compared with its case. */
  readonly name: string

  /**
   * The reserved bits that it uses: RSV1 is 4, RSV2 is 2, RSV3 is 1; 0 for none. No two extensions
   * of one route may claim the same bit (RFC 6455 §9.2).
   */
  readonly reservedBits: number

  /**
   * For a server: decides about the client's offers under this name.
   *
   * @param offers one element for each time that the client named it, in the client's order of
   *   preference. Never empty. The parameters are not validated.
   * @returns the agreement for the first acceptable offer, or `null` to decline all. Do not throw
   *   for an invalid offer; decline it.
   */
  accept(offers: readonly ExtensionParameters[]): ExtensionAgreement | null

  /**
   * For a client: returns the offers, in order of preference; tokens only. An empty list offers
   * nothing.
   */
  offer(): readonly ExtensionParameters[]

  /**
   * For a client: checks the server's answer.
   *
   * @returns the agreement; `null` when no offer allows the answer: the handshake then fails.
   */
  agree(answer: ExtensionParameters): ExtensionAgreement | null
}

/** The result of a negotiation. */
export interface ExtensionAgreement {
  /** The parameters of the server's answer; tokens only. */
  readonly parameters: ExtensionParameters

  /**
   * Opens the instance of one session. Called when the session begins; never for a failed
   * handshake.
   */
  open(context: ExtensionContext): ExtensionSession
}

/** Facts about the session that begins, for an extension. Sessions may share the object. */
export interface ExtensionContext {
  readonly role: 'server' | 'client'

  /** The largest message that the extensions may produce, in bytes; `Infinity` for no limit. */
  readonly maxMessageSize: number

  /**
   * Calls `task` once, `delayMs` milliseconds from now (0 or above, finite). Disposing cancels it.
   */
  schedule(delayMs: number, task: () => void): Disposable
}

/**
 * The part of an extension that belongs to one session. Calls never overlap within one direction:
 * the next comes when the promise of the one before has resolved, and one that returns nothing is
 * done when it returns.
 *
 * @example <!-- prelude
 * import type { ExtensionFrame, ExtensionSession } from 'towpath'
 * -->
 * ```ts
 * class Reversed implements ExtensionSession {
 *   outgoing(frame: ExtensionFrame): void {
 *     frame.payload = new Uint8Array(frame.payload).reverse()
 *   }
 *   incoming(message: ExtensionFrame): void {
 *     message.payload = new Uint8Array(message.payload).reverse()
 *   }
 *   dispose(): void {}
 * }
 * ```
 */
export interface ExtensionSession {
  /**
   * Changes an outgoing data frame in place, or leaves it unchanged. Called in the order of
   * sending, in the order in which extensions were installed. A frame is a whole message, or a
   * fragment as the application sent it.
   *
   * If it throws or rejects, the session ends with 1011.
   */
  outgoing(frame: ExtensionFrame): Promise<void> | void

  /**
   * Changes a whole received message in place, assembled from its fragments. Called in the order of
   * arrival, the last installed extension first. Messages of type `text` need not be UTF-8 here,
   * but must be after the last extension. Later frames, including control frames, wait for its
   * promise.
   *
   * A `ProtocolViolation` that it throws or rejects with fails the session with its `closeCode`;
   * any other error with 1011.
   */
  incoming(message: ExtensionFrame): Promise<void> | void

  /**
   * Frees the session's state. Called exactly once, when no frame follows. A pending promise of
   * `outgoing` or `incoming` is then ignored, and need not settle.
   */
  dispose(): void
}

/** A data frame or a message, as an extension sees it. */
export interface ExtensionFrame {
  readonly type: 'text' | 'binary'

  /** Whether a message begins with this frame. */
  readonly isFirst: boolean

  /** Whether the message ends with this frame. */
  readonly fin: boolean

  /** Size of the payload in bytes; for text that is not encoded yet, it is counted at each call. */
  readonly byteLength: number

  /**
   * The bytes. Bytes that are read are lent until the call returns and must not be changed: copy
   * them to keep them. Bytes that are set belong to the framework.
   */
  get payload(): Uint8Array
  set payload(bytes: Uint8Array)

  /**
   * The reserved bits of the message's first frame. An extension sets its own bits on outgoing
   * frames, where only the first frame counts, and clears them on incoming messages.
   */
  reservedBits: number
}
