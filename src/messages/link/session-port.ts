/**
 * A session as a link sees it, on every platform.
 */

import { requestObserverOf, sessionClockOf } from '../../base/internal.ts'
import { CloseReason } from '../../protocol/portable.ts'
import type { ClientSession } from '../../client/index.ts'
import { ignore } from './outbox.ts'
import type { LinkPort } from './port.ts'

/** The members of a session that links use: those that all platforms have. */
export type CarrierSession = Pick<
  ClientSession,
  | 'protocol'
  | 'incoming'
  | 'outgoing'
  | 'send'
  | 'close'
  | 'closed'
  | 'closeReason'
  | 'launch'
  | 'signal'
>

/** What the logger of an application has. */
interface Logger {
  error(facts: object, message: string): void
}

/**
 * What the difference is between a code of RFC 6455 and the one that a page may send in its place.
 */
const PAGE_CODES = 3000
const MAX_REASON_LENGTH = 100

/** A port to `session`. */
export function sessionPort(act: string, session: CarrierSession): LinkPort {
  return {
    clock: sessionClockOf(act, session),
    owner: session,
    requests: requestObserverOf(session),
    trySend: (message) => session.outgoing.trySend(message),
    send: (message, signal) => {
      const sent = session.send(message, signal === undefined ? undefined : { signal })
      // A caller who does not await the promise is not stopped by the end of the session.
      if (session.outgoing.isClosedForSend) sent.catch(ignore)
      return sent
    },
    turn: () => turnOf(session),
    fail: (code, message) => failSession(session, code, message),
    report: (error, type) => reportTo(loggerOf(session), error, type),
  }
}

/** See `LinkPort.turn`. A `send` that is refused lets the event loop turn. */
export function turnOf({
  outgoing,
  send,
}: Pick<CarrierSession, 'outgoing' | 'send'>): Promise<void> | null {
  return outgoing.isClosedForSend ? send('').catch(ignore) : null
}

/** Ends `session` with `code`, and drops what it still receives. @returns what is sent. */
export function failSession(session: CarrierSession, code: number, message: string): CloseReason {
  const reason = closeWith(session, code, message.slice(0, MAX_REASON_LENGTH))
  session.incoming.cancel()
  return reason
}

/**
 * Closes with `code`; from a page, which may not send it, with `code` and 3000.
 *
 * @returns what is sent.
 */
export function closeWith(
  { close }: Pick<CarrierSession, 'close'>,
  code: number,
  message: string,
): CloseReason {
  let reason = new CloseReason(code, message)
  try {
    void close(reason)
  } catch {
    reason = new CloseReason(code + PAGE_CODES, message)
    void close(reason)
  }
  return reason
}

/**
 * A failure of our own code, in the log of the application or, of a client, on the console. Never
 * throws.
 */
export function reportTo(logger: Logger | null, error: unknown, type: string): void {
  const message = 'Typed message handler failed'
  try {
    if (logger !== null) logger.error({ type, err: error }, message)
    // A client has no logger, and a failure must not be silent.
    else globalThis.console.error(`towpath: ${message}`, { type, err: error })
  } catch {
    // There is nowhere else to write it.
  }
}

function loggerOf(session: object): Logger | null {
  if (!('application' in session)) return null
  return (session.application as { readonly logger: Logger }).logger // of a session of an application
}
