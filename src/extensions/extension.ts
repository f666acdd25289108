/**
 * What an extension of the protocol is (RFC 6455 §9): how it is agreed on, and what it does to
 * messages.
 *
 * An extension that is installed stands for many sessions. A handshake that both sides agree in
 * gives an agreement, and each session that comes of it opens a part of its own, which holds what
 * the session needs.
 */

import type { ExtensionOffer } from '../protocol/index.ts'

/** The parameters of one offer or answer, in order; a parameter without a value has `null`. */
export type ExtensionParameters = ExtensionOffer['parameters']

/**
 * Something that changes messages on their way, agreed on by both sides in the handshake. Control
 * frames never pass through it.
 *
 * RFC 6455 §9; Ktor: `WebSocketExtension`.
 */
export interface Extension {
  /** As it stands in `Sec-WebSocket-Extensions`: a token. Compared with its case. */
  readonly name: string

  /**
   * The reserved bits that it gives a meaning to: RSV1 is 4, RSV2 is 2, RSV3 is 1; 0 for none. No
   * two extensions of one route may claim the same bit (RFC 6455 §9.2).
   */
  readonly reservedBits: number

  /**
   * For a server: looks at what the client offers under this name.
   *
   * @param offers one element for each time that the client named it, in the client's order of
   *   preference, as they came: nobody has looked at the parameters. Never empty.
   * @returns the agreement for the first offer that will do, or `null` to decline them all. What is
   *   wrong in an offer is a reason to decline it, and none to throw.
   */
  accept(offers: readonly ExtensionParameters[]): ExtensionAgreement | null

  /**
   * For a client: what to offer, in order of preference; tokens only. An empty list offers nothing.
   */
  offer(): readonly ExtensionParameters[]

  /**
   * For a client: checks what the server answered.
   *
   * @returns the agreement; `null` when none of the offers allows that answer: the handshake then
   *   fails.
   */
  agree(answer: ExtensionParameters): ExtensionAgreement | null
}

/** What both sides have agreed on. */
export interface ExtensionAgreement {
  /** What the server answers; tokens only. */
  readonly parameters: ExtensionParameters

  /**
   * Opens the part of one session, called when it begins; never for a handshake that comes to
   * nothing.
   */
  open(context: ExtensionContext): ExtensionSession
}

/** What an extension is told about the session that begins. */
export interface ExtensionContext {
  readonly role: 'server' | 'client'

  /** The largest message that may come out of the extensions, in bytes; `Infinity` for no limit. */
  readonly maxMessageSize: number

  /**
   * Calls `task` once, `delayMs` milliseconds from now (0 and above, finite). Disposing takes it
   * back.
   */
  schedule(delayMs: number, task: () => void): Disposable
}

/**
 * The part of an extension that belongs to one session. Calls never overlap within one direction:
 * the next comes when the promise of the one before has resolved, and one that returns nothing is
 * done when it returns.
 *
 * @example <!-- prelude import type { ExtensionFrame, ExtensionSession } from 'towpath' -->
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
   * Changes a data frame on its way out, in place, or leaves it as it is. Called in the order of
   * sending, in which extensions stand as they were installed. A frame is a whole message, or a
   * fragment as the application sent it.
   *
   * What it throws or rejects with is a failure of ours: the session ends with 1011.
   */
  outgoing(frame: ExtensionFrame): Promise<void> | void

  /**
   * Changes a whole message on its way in, put together from its fragments, in place; called in the
   * order of arrival, the extension that was installed last first. Messages of type `text` need not
   * be UTF-8 here; what the last extension leaves has to be. Frames that come behind, control
   * frames too, wait for its promise.
   *
   * A `ProtocolViolation` that it throws or rejects with fails the session with its `closeCode`;
   * anything else with 1011.
   */
  incoming(message: ExtensionFrame): Promise<void> | void

  /**
   * Gives back what the session held. Called exactly once, when no frame comes any more; a promise
   * of `outgoing` or `incoming` that is still pending is of no interest then, and may settle or
   * not.
   */
  dispose(): void
}

/** A data frame or a message, as an extension sees it. */
export interface ExtensionFrame {
  readonly type: 'text' | 'binary'

  /** Whether a message begins here. */
  readonly isFirst: boolean

  /** Whether the message ends here. */
  readonly fin: boolean

  /**
   * Size of the payload in bytes; for text that has not been encoded yet it is counted at each
   * call.
   */
  readonly byteLength: number

  /**
   * The bytes. What is read is lent until the call returns, and must not be changed: copy what is
   * needed later. What is set is the framework's from then on.
   */
  get payload(): Uint8Array
  set payload(bytes: Uint8Array)

  /**
   * The reserved bits of the message's first frame. An extension sets its own on the way out, where
   * they count in the first frame alone, and takes them away on the way in.
   */
  reservedBits: number
}
