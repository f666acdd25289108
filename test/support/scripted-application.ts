/**
 * An application whose answers a test chooses, for the engine's half of their conversation.
 */

import {
  type Application,
  createApplication,
  type UpgradeAccepted,
  type UpgradeOutcome,
  type UpgradeRequest,
} from '../../src/application/index.ts'
import type { Transport, TransportReceiver } from '../../src/session/index.ts'

/** What a scripted application was asked. */
export interface AskedUpgrade {
  readonly request: UpgradeRequest
  readonly signal: AbortSignal
}

/** An application that answers upgrades with `decide`, and logs into `failures`. */
export function scriptedApplication(
  decide: (asked: AskedUpgrade) => Promise<UpgradeOutcome> | UpgradeOutcome,
  failures: unknown[] = [],
): Application {
  const silent = (): void => {}
  const error = (facts: object): void => void failures.push(facts)
  const application = createApplication(undefined, {
    logger: { debug: silent, info: silent, warn: silent, error },
  })
  return Object.assign(application, {
    upgrade: (request: UpgradeRequest, _: unknown, signal: AbortSignal | (() => AbortSignal)) =>
      decide({ request, signal: typeof signal === 'function' ? signal() : signal }),
  })
}

/** Accepts, and hands over to `start`, or to `abandon`. */
export function accepted(
  start: (transport: Transport) => void,
  headers: UpgradeAccepted['headers'] = [['Upgrade', 'websocket']],
  abandon: (failure: unknown) => void = () => {},
): UpgradeAccepted {
  return { type: 'accepted', headers, start, abandon }
}

/** Sends back what it receives, and ends when the peer does. */
export function echoBytes(transport: Transport): void {
  const receiver: TransportReceiver = {
    receive: (bytes) => void transport.write(Buffer.from(bytes)),
    unread: () => {},
    receiveEnd: () => transport.end(),
    drained() {},
    closed() {},
  }
  transport.start(receiver)
}
