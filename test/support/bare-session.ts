/**
 * Sessions of both levels by themselves, with the calls that the code which opens a session makes.
 */

import type { Environment } from '../../src/base/internal.ts'
import type { MemoryBudgetError, Transport } from '../../src/session/index.ts'
import {
  type HeartbeatListener,
  LiveSession,
  type SessionCore,
  type SessionHoldings,
  type SessionObserver,
  type SessionSettings,
} from '../../src/session/internal.ts'

/** A session whose core is at hand. */
abstract class BareSession extends LiveSession {
  start(): void {
    this.core.start()
  }

  goAway(message?: string): void {
    this.core.goAway(message)
  }

  shed(cause: MemoryBudgetError): void {
    this.core.shed(cause)
  }

  measure(): SessionHoldings {
    return this.core.measure()
  }

  get connection(): SessionCore {
    return this.core
  }

  get received(): number {
    return this.core.read.received
  }

  get isReadingStopped(): boolean {
    return this.core.read.heldBack?.isStopped === true
  }

  listen(listener: HeartbeatListener): void {
    this.core.read.heartbeat = listener
  }

  vanish(cause: Error): void {
    this.core.terminate(cause)
    this.core.ending?.finish()
  }

  get heldBytes(): number {
    return this.core.heldBytes
  }

  get keptBytes(): number {
    return this.core.keptBytes
  }

  set keptBytes(bytes: number) {
    this.core.keptBytes = bytes
  }
}

/** A session that gathers messages, and answers pings and Close frames. */
export class DefaultSession extends BareSession {}

/** A session that shows every frame. */
export class RawSession extends BareSession {
  constructor(
    transport: Transport,
    settings: SessionSettings,
    environment: Environment,
    observer: SessionObserver,
  ) {
    super(transport, settings, environment, observer, 'raw')
  }
}
