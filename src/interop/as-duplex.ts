/**
 * `asDuplex`: a session for libraries that take a stream of Node.
 */

import { Duplex } from 'node:stream'

import { asError, choice, optionReader, type OptionTable, optionTable } from '../base/internal.ts'
import { ClosedSendChannelError } from '../channels/index.ts'
import { CloseReason, Frame } from '../protocol/index.ts'
import type { DefaultWebSocketSession } from '../session/index.ts'
import { ConnectionCutError } from './errors.ts'
import { bufferOf } from './payloads.ts'

/** How `asDuplex` treats a session. */
export interface DuplexOptions {
  /**
   * What writes become: `'binary'` messages, or `'text'` messages, whose bytes must be whole UTF-8
   * characters. Both kinds of message are read as bytes.
   *
   * @defaultValue 'binary'
   */
  readonly messages?: 'binary' | 'text'
}

interface DuplexSettings {
  readonly messages: 'binary' | 'text'
}

const OPTIONS: OptionTable<DuplexSettings> = optionTable<DuplexSettings>({
  messages: choice('binary', ['binary', 'text']),
})

/**
 * Returns a stream over `session`: each write is one message, and the payload of each message is
 * read.
 *
 * - Backpressure holds in both directions. A message is received when the stream is read, and a
 *   write is done when `send` has resolved.
 * - `end()` closes the session with 1000, after what was written. What the peer sent before its own
 *   Close is still read.
 * - The peer's Close frame ends the reading side, and the writing side with it.
 * - A connection that is lost without a Close frame destroys the stream with `ConnectionCutError`.
 *   A broken rule of the protocol destroys it with that error.
 * - `destroy()` drops the connection.
 *
 * Do not receive from the session yourself. A handler returns when the library is done:
 * `await session.closed`.
 *
 * @throws {TypeError} for an unknown or invalid option.
 *
 * @example
 * <!-- prelude
 * import type { Duplex } from 'node:stream'
 * import { createApplication, WebSockets } from 'towpath'
 * import { asDuplex } from 'towpath/interop'
 * declare const broker: { handle(stream: Duplex): void }
 * const app = createApplication((app) => void app.install(WebSockets))
 * -->
 * ```ts
 * app.routing((route) => route.webSocket('/mqtt', { protocols: ['mqtt'] }, async (session) => {
 *   broker.handle(asDuplex(session))
 *   await session.closed
 * }))
 * ```
 */
export function asDuplex(session: DefaultWebSocketSession, options: DuplexOptions = {}): Duplex {
  const { messages } = OPTIONS.read(optionReader('make a stream of a session'), options)
  const toFrame = (chunk: Buffer): Frame =>
    messages === 'text' ? new Frame.Text(chunk) : new Frame.Binary(chunk)
  const duplex = new Duplex({
    // A WebSocket has no half that stays open: after a Close frame nothing can be sent.
    allowHalfOpen: false,
    read() {
      void receiveInto(duplex, session)
    },
    write(chunk: Buffer, _encoding, done) {
      void settle(sendOn(session, toFrame(chunk)), done)
    },
    final(done) {
      void settle(session.close(NORMAL), done)
    },
    destroy(error, done) {
      if (!session.outgoing.isClosedForSend || error !== null) session.terminate()
      done(error)
    },
  })
  void session.closed.then(async () => {
    // The end of the peer is told to a stream that is not being read, too, if nothing is left to
    // read.
    if (!session.incoming.isClosedForReceive) return
    const cut = await cutOf(session)
    if (cut !== null) duplex.destroy(cut)
  })
  return duplex
}

const NORMAL = new CloseReason(CloseReason.Codes.NORMAL, '')

/** Reads one message that is not empty; an empty one is nothing to a stream of bytes. */
async function receiveInto(duplex: Duplex, session: DefaultWebSocketSession): Promise<void> {
  for (;;) {
    const received = await session.incoming.receiveCatching()
    if (duplex.destroyed) return
    if (received.type === 'value') {
      const bytes = bufferOf(received.value)
      if (bytes.length === 0) continue
      duplex.push(bytes)
      return
    }
    const cut = received.cause ?? (await cutOf(session))
    if (cut === null) duplex.push(null)
    else duplex.destroy(cut)
    return
  }
}

/** Sends `frame`. Rejects with `ConnectionCutError` if the connection was lost. */
async function sendOn(session: DefaultWebSocketSession, frame: Frame): Promise<void> {
  try {
    await session.send(frame)
  } catch (error) {
    throw (error instanceof ClosedSendChannelError ? await cutOf(session) : null) ?? error
  }
}

/** What a normal end of `incoming` does not tell: whether the peer has sent a Close frame. */
async function cutOf({ closeReason, closed }: DefaultWebSocketSession): Promise<Error | null> {
  const { code } = await closeReason
  if (code !== LOST) return null
  const { cause } = await closed
  return new ConnectionCutError(cause)
}

/** The connection ended without a Close frame (RFC 6455 §7.1.5). */
const LOST = 1006

/** Tells a stream how an act has ended. */
async function settle(act: Promise<void>, done: (error: Error | null) => void): Promise<void> {
  let failure: Error | null = null
  try {
    await act
  } catch (error) {
    failure = asError(error, 'send()')
  }
  done(failure)
}
