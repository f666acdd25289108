/**
 * A connection that comes back, over the network of a test application.
 */

import type { Clock } from '../../src/base/index.ts'
import { loopShareOf } from '../../src/base/internal.ts'
import type { WebSocketClientSession } from '../../src/client/index.ts'
import type {
  ConnectionHint,
  ConnectionHints,
} from '../../src/client/reconnecting/connection-hints.ts'
import type { Opener } from '../../src/client/reconnecting/connect-attempt.ts'
import {
  type ReconnectingOptions,
  readReconnecting,
} from '../../src/client/reconnecting/reconnect-options.ts'
import { Reconnecting } from '../../src/client/reconnecting/reconnecting.ts'
import { createSeededRandom } from '../../src/testing/seeded-random.ts'
import type { TestApplication } from '../../src/testing/index.ts'

/** Hints that a test gives. */
export class TestHints implements ConnectionHints {
  isOnline = true
  #listener: ((hint: ConnectionHint) => void) | null = null

  /** Whether somebody listens. */
  get isHeard(): boolean {
    return this.#listener !== null
  }

  listen(listener: (hint: ConnectionHint) => void): Disposable {
    this.#listener = listener
    return { [Symbol.dispose]: () => void (this.#listener = null) }
  }

  give(hint: ConnectionHint): void {
    if (hint === 'online' || hint === 'offline') this.isOnline = hint === 'online'
    this.#listener?.(hint)
  }
}

/** Where and over what a test connects. */
export interface ReconnectingWorld {
  readonly path?: string
  readonly hints?: ConnectionHints
  readonly seed?: number
  readonly clock?: Clock
  /** Takes the place of a session of the test application. */
  readonly open?: (signal: AbortSignal) => Promise<WebSocketClientSession>
  readonly prepare?: () => Promise<void>
}

/** Connects to `/` of the application. */
export function reconnecting(
  t: TestApplication,
  options: ReconnectingOptions<WebSocketClientSession> = {},
  { path = '/', hints, seed = 1, clock = t.clock, open, prepare }: ReconnectingWorld = {},
): Reconnecting<WebSocketClientSession> {
  return new Reconnecting({
    source: {
      prepare: async () => {
        await prepare?.()
        const opener =
          open ?? ((signal) => t.client.openWebSocket(`ws://localhost${path}`, { signal }))
        // Every session of a test application can have a heartbeat; its public type does not say
        // so.
        return opener as Opener<WebSocketClientSession>
      },
    },
    environment: {
      clock,
      random: createSeededRandom(seed),
    },
    loop: loopShareOf({
      clock,
      deferPastTurn: (task, argument) => void setImmediate(task, argument),
    }),
    settings: readReconnecting(options),
    hints: hints ?? null,
  })
}
