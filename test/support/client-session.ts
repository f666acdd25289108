/**
 * A client's session by itself, with the session of a server at the other end of its link.
 */

import type { ClientSession } from '../../src/client/index.ts'
import type { HeartbeatOwner } from '../../src/client/reconnecting/heartbeat.ts'
import { MemoryLink } from '../../src/engines/memory/internal.ts'
import { DefaultSession } from './bare-session.ts'
import type { SessionSettings } from '../../src/session/internal.ts'
import { memoryEnvironment } from './memory-world.ts'
import { SETTINGS } from './session.ts'

const NO_OBSERVER = {
  handlerFailed: () => {},
  limitReached: () => {},
  frameDropped: () => {},
  buffered: () => {},
  closed: () => {},
}

/** A client's session and a server's, both started, in a world of virtual time. */
export function clientSession(
  environment: ReturnType<typeof memoryEnvironment> = memoryEnvironment(),
  settings: Partial<SessionSettings> = {},
  serverSettings: Partial<SessionSettings> = {},
) {
  const link = new MemoryLink(environment)
  const client = new DefaultSession(
    link.client,
    { ...SETTINGS, role: 'client', masking: true, ...settings },
    environment,
    NO_OBSERVER,
  )
  const server = new DefaultSession(
    link.server,
    { ...SETTINGS, ...serverSettings },
    environment,
    NO_OBSERVER,
  )
  client.start()
  server.start()
  const session: ClientSession & HeartbeatOwner = Object.assign(client, {
    url: 'ws://localhost/',
    hiddenAmount: 0,
    async [Symbol.asyncDispose](): Promise<void> {
      await client.close()
      await client.closed
    },
  })
  return { session, server, link, environment, clock: environment.clock }
}
