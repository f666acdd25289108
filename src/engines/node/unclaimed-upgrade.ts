/**
 * The answer to an upgrade that nobody claims.
 */

import type { Server as HttpServer } from 'node:http'
import type { Server as HttpsServer } from 'node:https'

import { noSuchPath } from '../../application/internal.ts'
import { connectionFacts } from './connection-facts.ts'
import { returnToHttp } from './return-to-http.ts'
import {
  asksForWebSocket,
  type PendingUpgrade,
  refuseUpgrade,
  type UpgradeHost,
} from './upgrade-listener.ts'
import type { WaitingSocket } from './waiting-socket.ts'

/**
 * Answers with 404 (400 for an invalid target) what asked for a WebSocket, and lets `server` answer what asked for another protocol.
 * Ends the watch of `waiting`.
 */
export function answerUnclaimed(
  host: UpgradeHost,
  server: HttpServer | HttpsServer,
  upgrade: PendingUpgrade,
  waiting: WaitingSocket,
): void {
  waiting.release()
  if (waiting.signal.aborted) upgrade.stream.destroy()
  else if (!asksForWebSocket(upgrade.request)) returnToHttp(server, upgrade)
  else
    refuseUpgrade(
      host,
      upgrade,
      connectionFacts(upgrade.stream),
      noSuchPath(upgrade.request.url ?? ''),
    )
}
