/** An accepted upgrade, which opens its session when the engine has written the 101. */

import type { Environment } from '../../base/internal.ts'
import type { AgreedExtension } from '../../extensions/internal.ts'
import type { Transport } from '../../session/index.ts'
import type { UpgradeCall } from '../calls/call.ts'
import type { UpgradeAccepted } from '../engine.ts'
import {
  openServerSession,
  type SessionDependencies,
  type SessionOpening,
} from '../sessions/server-session.ts'
import type { Acceptance, RoutedRequest } from './decision.ts'

/** The outcome that the engine gets. No session refers to it. */
export class AcceptedUpgrade implements UpgradeAccepted, SessionOpening {
  readonly type = 'accepted'
  readonly headers: UpgradeAccepted['headers']
  readonly call: UpgradeCall
  readonly protocol: string | null
  readonly extensions: readonly AgreedExtension[]
  readonly environment: Environment
  readonly dependencies: SessionDependencies
  readonly #routed: RoutedRequest

  constructor(
    headers: UpgradeAccepted['headers'],
    routed: RoutedRequest,
    { protocol, extensions }: Acceptance,
  ) {
    const { call, environment, dependencies } = routed
    this.#routed = routed
    this.headers = headers
    this.call = call
    this.protocol = protocol
    this.extensions = extensions
    this.environment = environment
    this.dependencies = dependencies
  }

  start(transport: Transport): void {
    try {
      openServerSession(this, transport)
    } catch (error) {
      // Such as one of an extension of the application: there is no session that ends the call.
      this.abandon(error)
      throw error
    }
  }

  abandon(failure: unknown): void {
    this.#routed.abandon(failure)
  }
}
