/**
 * Listeners for the end of a session. A listener that is removed leaves nothing behind. A reaction
 * on the promise `closeReason` would stay until the session ends.
 */

import type { WebSocketSession } from '../../session/index.ts'

type Ended = (code: number) => void

/** Listeners of sessions that have not ended. */
const LISTENERS = new WeakMap<WebSocketSession, Set<Ended>>()

/**
 * Calls `ended` once with the close code, when `session` has ended or if it already has.
 *
 * @returns removes the listener.
 */
export function onSessionEnd(session: WebSocketSession, ended: Ended): () => void {
  const listeners = LISTENERS.get(session) ?? listenTo(session)
  listeners.add(ended)
  return () => void listeners.delete(ended)
}

function listenTo(session: WebSocketSession): Set<Ended> {
  const listeners = new Set<Ended>()
  LISTENERS.set(session, listeners)
  void session.closeReason.then(({ code }) => {
    LISTENERS.delete(session)
    for (const each of listeners) each(code)
    listeners.clear()
  })
  return listeners
}
