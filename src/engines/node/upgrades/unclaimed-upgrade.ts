/**
 * The answer to an upgrade that no application claims.
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
 * Answers an upgrade to `websocket` with 404 (400 for an invalid target), and lets `server` answer
 * an upgrade to another protocol. Waits for the answers to earlier requests, and releases
 * `waiting`.
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
