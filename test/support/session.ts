/**
 * A session by itself: no application, a peer made of bytes, and time that a test moves.
 */

import { DefaultSession, RawSession } from './bare-session.ts'
import type { SessionSettings } from '../../src/session/internal.ts'
import type { CloseInfo } from '../../src/session/index.ts'
import type { MemoryLinkOptions } from '../../src/engines/memory/internal.ts'
import { memoryEnvironment, memoryPeer } from './memory-world.ts'

const BOUNDS = { capacity: 64, maxBytes: 1024 * 1024, onOverflow: 'suspend' } as const

/** The defaults of a server's session. */
export const SETTINGS: SessionSettings = {
  role: 'server',
  id: 'test',
  protocol: null,
  pingInterval: null,
  timeout: 15_000,
  closeTimeout: 10_000,
  maxFrameSize: Infinity,
  maxMessageSize: 1024 * 1024,
  maxFragments: 65_552,
  masking: false,
  incoming: BOUNDS,
  outgoing: BOUNDS,
  readAhead: 65_536,
  maxMessagesPerSecond: Infinity,
  maxBytesPerSecond: Infinity,
  maxControlFramesPerSecond: 1000,
  rateBurst: 1000,
  onRateLimit: 'wait',
  writeTimeout: 30_000,
  idleTimeout: null,
  maxSessionDuration: null,
  answerHeartbeats: true,
}

/** What an observer heard, in order. */
export interface Heard {
  readonly failures: unknown[]
  readonly limits: Error[]
  /** The names of the limits that were reached, in the same order. */
  readonly limitNames: string[]
  readonly dropped: string[]
  readonly closed: CloseInfo[]
}

function observe(): { readonly heard: Heard; readonly observer: Observer } {
  const heard: Heard = { failures: [], limits: [], limitNames: [], dropped: [], closed: [] }
  const observer: Observer = {
    handlerFailed: (error) => void heard.failures.push(error),
    limitReached: (limit, error) => {
      heard.limits.push(error)
      heard.limitNames.push(limit)
    },
    buffered: () => {},
    frameDropped: (direction, bytes) => void heard.dropped.push(`${direction} ${bytes}`),
    closed: (info) => void heard.closed.push(info),
  }
  return { heard, observer }
}

type Observer = ConstructorParameters<typeof DefaultSession>[3]

/** Opens a default session that has been started. */
export function defaultSession(settings: Partial<SessionSettings> = {}, link?: MemoryLinkOptions) {
  return open(DefaultSession, settings, link)
}

/** Opens a raw session that has been started. */
export function rawSession(settings: Partial<SessionSettings> = {}, link?: MemoryLinkOptions) {
  return open(RawSession, settings, link)
}

function open<Session extends DefaultSession | RawSession>(
  Level: new (...given: ConstructorParameters<typeof DefaultSession>) => Session,
  settings: Partial<SessionSettings>,
  link: MemoryLinkOptions | undefined,
) {
  const environment = memoryEnvironment()
  const ends = memoryPeer(environment, link)
  const { heard, observer } = observe()
  const session = new Level(ends.transport, { ...SETTINGS, ...settings }, environment, observer)
  session.start()
  return { session, environment, clock: environment.clock, heard, observer, ...ends }
}
