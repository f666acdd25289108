/**
 * The answer to an upgrade that nobody claims.
 */

import type { Server as HttpServer } from 'node:http'
import type { Server as HttpsServer } from 'node:https'

import { noSuchPath } from '../../../application/internal.ts'
import { connectionFacts } from '../transports/connection-facts.ts'
import { returnToHttp } from './return-to-http.ts'
import {
  asksForWebSocket,
  inTurn,
  type PendingUpgrade,
  refuseUpgrade,
  type UpgradeServer,
} from './upgrade-listener.ts'
import type { WaitingSocket } from './waiting-socket.ts'

/**
 * Answers with 404 (400 for an invalid target) what asked for a WebSocket, and lets `server` answer what
 * asked for another protocol: when the requests before it have their answers. Ends the watch of `waiting`.
 */
export function answerUnclaimed(
  host: UpgradeServer,
  server: HttpServer | HttpsServer,
  upgrade: PendingUpgrade,
  waiting: WaitingSocket,
): void {
  const { request, stream } = upgrade
  inTurn(host, upgrade, waiting, () => {
    waiting.release()
    if (waiting.signal.aborted) stream.destroy()
    else if (!asksForWebSocket(request)) returnToHttp(server, upgrade)
    else refuseUpgrade(host, upgrade, connectionFacts(stream), noSuchPath(request.url ?? ''))
  })
}
