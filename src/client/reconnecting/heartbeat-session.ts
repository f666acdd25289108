/**
 * A session with a heartbeat: whatever session it is, with an `incoming` that shows no answers, and an end that comes
 * when the server is silent.
 */

import { Deferred, type Environment } from '../../base/internal.ts'
import { BufferedChannel } from '../../channels/internal.ts'
import type { Frame } from '../../protocol/index.ts'
import {
  CloseReason,
  isHeartbeatAnswer,
  TextFrame,
  textPayloadOf,
} from '../../protocol/portable.ts'
import type { CloseInfo, WebSocketSession } from '../../session/index.ts'
import { PingTimeoutError } from '../../session/portable.ts'
import type { ClientSession } from '../opening/client-session.ts'
import { lengthOf } from './joined-incoming.ts'
import { Heartbeat, type HeartbeatSettings } from './heartbeat.ts'

/** What a session may show of messages that are on their way. */
interface Watched {
  /** Bytes that have arrived, of whole messages or not. */
  readonly received?: number
  /** Bytes of messages that are being sent, and whose progress is not to be seen. */
  readonly hiddenAmount?: number
}

/** A session, and its beats. */
export interface BeatingSession<Session extends ClientSession> {
  /** The session that was given, with another `incoming` and another end. */
  readonly session: Session
  readonly heartbeat: Heartbeat
}

/** What `incoming` may hold: as much as a session's own by default. */
const BOUNDS = {
  capacity: 64,
  maxBytes: 1024 * 1024,
  // A bound of ours alone, which need not be exact: a text is not encoded to be measured.
  sizeOf: (frame: Frame): number => lengthOf(frame),
}

const GONE = new CloseReason(CloseReason.Codes.CLOSED_ABNORMALLY)

/**
 * Begins to beat over `session`, whose `incoming` is read here from now on.
 *
 * @param isKnown whether this server has answered in an earlier session.
 */
export function withHeartbeat<Session extends ClientSession>(
  session: Session,
  settings: HeartbeatSettings,
  clock: Environment['clock'],
  isKnown: boolean,
): BeatingSession<Session> {
  const incoming = new BufferedChannel<Frame>(BOUNDS, {
    owner: null,
    hooks: { clock: () => clock },
  })
  const closed = new Deferred<CloseInfo>()
  const reason = new Deferred<CloseReason>()
  const over = new AbortController()
  // Which of them there are is for the platform to say.
  const watched: ClientSession & Watched = session

  const end = (info: CloseInfo): void => {
    heartbeat.stop()
    reason.resolve(info.reason)
    closed.resolve(info)
    over.abort()
  }
  const heartbeat = new Heartbeat(
    clock,
    settings,
    {
      get bufferedAmount() {
        return session.bufferedAmount
      },
      get hiddenAmount() {
        return watched.hiddenAmount ?? 0
      },
      get received() {
        return watched.received ?? 0
      },
      ask: (question) => void session.outgoing.trySend(question),
      silent: () => {
        const cause = new PingTimeoutError(settings.timeout)
        incoming.close(cause)
        end({ reason: GONE, initiator: 'local', local: null, remote: null, clean: false, cause })
        // Whatever is left of it ends by itself, and nobody waits for that. What it has not sent yet is not to be sent
        // when the network is there again, behind what another session has sent since.
        if (canTerminate(session)) session.terminate()
        else void session.close()
      },
    },
    isKnown,
  )
  void session.closeReason.then((first) => {
    heartbeat.stop()
    reason.resolve(first)
  })
  void session.closed.then(end)
  // Never rejects.
  void pump(session, incoming, heartbeat)
  heartbeat.ask()

  const own: Partial<ClientSession> = {
    incoming,
    closed: closed.promise,
    closeReason: reason.promise,
    signal: over.signal,
    [Symbol.asyncDispose]: async () => {
      void session.close()
      await closed.promise
    },
  }
  return { session: overlay(session, own), heartbeat }
}

async function pump(
  { incoming }: ClientSession,
  shown: BufferedChannel<Frame>,
  heartbeat: Heartbeat,
): Promise<void> {
  for (;;) {
    const next = await incoming.receiveCatching()
    if (next.type === 'closed') {
      shown.close(next.cause)
      return
    }
    heartbeat.heard()
    const { value } = next
    if (value instanceof TextFrame && isHeartbeatAnswer(textPayloadOf(value))) heartbeat.answered()
    else if (shown.trySend(value) === 'full') await showLater(value, shown, heartbeat)
    // Else it has been taken, or nobody wants any: answers are looked for all the same.
  }
}

async function showLater(
  frame: Frame,
  shown: BufferedChannel<Frame>,
  heartbeat: Heartbeat,
): Promise<void> {
  heartbeat.isBlind = true
  try {
    await shown.send(frame)
  } catch {
    // Cancelled meanwhile: nobody wants it.
  }
  heartbeat.isBlind = false
  heartbeat.heard()
}

/** Whether the platform lets us drop a connection: a browser does not. */
function canTerminate(session: object): session is Pick<WebSocketSession, 'terminate'> {
  return 'terminate' in session
}

/** `session` with some members of `own` in the place of its own; its functions are bound, so that they need no `this`. */
function overlay<Session extends ClientSession>(
  session: Session,
  own: Partial<ClientSession>,
): Session {
  // A target without members of its own: those of a session may be such that a proxy may not stand in for them. What
  // `Object.create` gives has all members of `session`.
  return new Proxy(Object.create(session) as Session, {
    get: (_, name): unknown => Reflect.get(Object.hasOwn(own, name) ? own : session, name),
    set: (_, name, value) => Reflect.set(session, name, value),
  })
}
