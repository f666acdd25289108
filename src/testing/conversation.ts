/**
 * A conversation: a client, the block that acts as the client, and the handler at the other end.
 */

import type { Application, WebSocketServerSession } from '../application/index.ts'
import type { SessionRegistry } from '../application/internal.ts'
import type { Clients } from './clients.ts'
import type { RawConnectOptions } from './connect-options.ts'
import { type Failures, throwTogether } from './failures.ts'
import type { ConversationBlock, TestCall } from './test-application.ts'
import { settled } from './test-environment.ts'

/** The parts of a test that a conversation uses. */
export interface ConversationParts {
  readonly application: Application
  readonly sessions: SessionRegistry
  readonly clients: Clients
  readonly failures: Failures
}

/** Implements `TestApplication.handleWebSocketConversation`. */
export async function converse(
  parts: ConversationParts,
  uri: string,
  setup: RawConnectOptions,
  block: ConversationBlock,
): Promise<TestCall> {
  const answer = await parts.clients.request(uri, setup)
  const { response, accepted } = answer
  if (accepted === null) return { response }

  const handlerFailures = watch(parts)
  const { client, served, leave } = parts.clients.converse({ ...answer, accepted })
  let own: { readonly error: unknown } | null = null
  try {
    await block(client.incoming, client.outgoing)
  } catch (error) {
    own = { error }
  }
  leave()
  // A failed test does not wait for a handler that may be waiting for the test.
  await (own === null ? parts.sessions.whenOver(served) : settled())
  throwTogether(handlerFailures(served), own)
  return { response }
}

/**
 * Watches for failures of handlers. Called before the handler starts, because it may throw at once.
 *
 * @returns a function that stops watching, and returns the error of a session; the conversation
 *   reports that error, so the test does not report it again.
 */
function watch({
  application,
  failures,
}: ConversationParts): (served: WebSocketServerSession) => unknown[] {
  const seen: Array<{ readonly session: WebSocketServerSession; readonly error: unknown }> = []
  const listener = application.monitor.on('handlerFailed', (failure) => seen.push(failure))
  return (served) => {
    listener[Symbol.dispose]()
    const own = seen.filter(({ session }) => session === served).map(({ error }) => error)
    for (const error of own) failures.takeOne(error)
    return own
  }
}
