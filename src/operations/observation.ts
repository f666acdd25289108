/**
 * What metrics observe of an application. Sums that only grow are kept for sessions that have
 * ended; everything else is read when a scrape asks for it, in one pass over the sessions.
 */

import {
  type Application,
  type ApplicationStatistics,
  PluginMissingError,
  WebSockets,
  type WebSocketServerSession,
} from '../application/index.ts'
import {
  addHooks,
  countsOf,
  listsProtocols,
  logFailure,
  SessionRegistry,
  SharedBudget,
  type UpgradeEnd,
} from '../application/internal.ts'
import { observeRequests, type RequestObserver, type RequestWatch } from '../base/internal.ts'
import type { TopicsStatistics } from '../topics/index.ts'
import { installedTopicsOf } from '../topics/internal.ts'
import { BoundedLabel, closeCodeLabel, OTHER } from './labels.ts'
import { addTo, type RouteTotals, ScrapeSums, type SessionCount } from './scrape-sums.ts'

/** The state of an application at one moment. */
export interface Snapshot {
  readonly sessions: readonly SessionCount[]
  readonly totals: ReadonlyMap<string, RouteTotals>
  readonly queued: { incoming: number; outgoing: number }
  readonly statistics: Pick<ApplicationStatistics, 'framesDropped' | 'limitsReached'>
  /** `null`: no limit. */
  readonly budget: { readonly used: number; readonly limit: number } | null
  /** `null` without the plugin `Topics`. */
  readonly topics: TopicsStatistics | null
}

/** Receives what cannot be read later. Durations are in seconds. */
export interface Recorder {
  sessionEnded(seconds: number, labels: SessionLabels): void
  upgradeEnded(seconds: number, labels: UpgradeLabels): void
  pingAnswered(seconds: number): void
  handlerFailed(route: string): void
  requestEnded(seconds: number, labels: RequestLabels): void
}

/** The labels of a session that has ended. */
export interface SessionLabels {
  readonly route: string
  readonly code: string
  readonly initiator: string
}

/** The labels of an upgrade. */
export interface UpgradeLabels {
  readonly route: string
  readonly status: number
  /** `accepted`, or the reason of the refusal. */
  readonly reason: string
}

/** The labels of a typed request. */
export interface RequestLabels {
  /** `asked` by this side, or `served` for the peer. */
  readonly side: 'asked' | 'served'
  readonly type: string
  /** `none`, the code of the failure, or `other` for a code that the contract does not declare. */
  readonly failure: string
}

/**
 * Declared names that get a label of their own: of each, subprotocols, types of requests and
 * failures. Only an application that declares more names while it runs reaches the limit. A name
 * that nobody declared gets no label, so that a client can neither add labels nor use them up.
 */
const MAX_NAMES = 500

/** Observes one application. */
export class Observation {
  readonly #app: Application
  readonly #ended = new Map<string, RouteTotals>()
  /** The sessions whose sums are in `#ended`. */
  readonly #counted = new WeakSet<WebSocketServerSession>()
  readonly #protocols = new BoundedLabel(MAX_NAMES)
  readonly #types = new BoundedLabel(MAX_NAMES)
  readonly #failures = new BoundedLabel(MAX_NAMES)
  readonly #recorder: Recorder
  readonly #closeCodes: ReadonlySet<number>

  /** @param closeCodes codes from 3000 to 4999 with a label of their own. */
  constructor(app: Application, closeCodes: ReadonlySet<number>, recorder: Recorder) {
    this.#app = app
    this.#recorder = recorder
    this.#closeCodes = closeCodes
    app.monitor.on('sessionClosed', ({ session, info }) => this.#closed(session, info))
    app.monitor.on('handlerFailed', ({ session }) => recorder.handlerFailed(session.route))
    addHooks(app, {
      upgradeEnds: (end) => this.#upgraded(end),
      pingAnswered: (roundTripMs) => recorder.pingAnswered(roundTripMs / 1000),
    })
    observeRequests(app, this.#requests(), (error) =>
      logFailure(app.logger, error, 'A request could not be counted'),
    )
  }

  /** Reads the state of the application. Visits every session once. */
  snapshot(): Snapshot {
    const app = this.#app
    const sums = new ScrapeSums(this.#ended)
    if (app.sessions instanceof SessionRegistry) {
      for (const [session, control] of app.sessions.entries()) {
        // Asked only where the answer may be yes.
        const isCounted = control.ending !== null && this.#counted.has(session)
        sums.add(session, control, this.#protocolOf(session), isCounted)
      }
    }
    return {
      sessions: sums.sessions,
      totals: sums.totals,
      queued: sums.queued,
      statistics: countsOf(app) ?? app.statistics(),
      budget: budgetOf(app, sums.memory),
      topics: installedTopicsOf(app)?.statistics() ?? null,
    }
  }

  #protocolOf(session: WebSocketServerSession): string {
    const { protocol } = session
    if (protocol === null) return ''
    return listsProtocols(session) ? this.#protocols.of(protocol) : OTHER
  }

  #closed(
    session: WebSocketServerSession,
    { reason, initiator }: { readonly reason: { readonly code: number }; initiator: string },
  ): void {
    const { route, statistics } = session
    this.#counted.add(session)
    addTo(this.#ended, route, statistics)
    const seconds = (this.#app.clock.now() - statistics.openedAt) / 1000
    const code = closeCodeLabel(reason.code, this.#closeCodes)
    this.#recorder.sessionEnded(seconds, { route, code, initiator })
  }

  #upgraded({ route, status, reason, durationMs }: UpgradeEnd): void {
    this.#recorder.upgradeEnded(durationMs / 1000, { route, status, reason: reason ?? 'accepted' })
  }

  #requests(): RequestObserver {
    const watch = (side: RequestLabels['side'], name: string): RequestWatch => {
      const type = this.#types.of(name)
      const startedAt = this.#app.clock.now()
      return {
        trace: null,
        run: (handle) => handle(),
        ended: (code, isKnown) => {
          const failure = code === null ? 'none' : isKnown ? this.#failures.of(code) : OTHER
          const seconds = (this.#app.clock.now() - startedAt) / 1000
          this.#recorder.requestEnded(seconds, { side, type, failure })
        },
      }
    }
    return {
      asked: (type) => watch('asked', type),
      served: (type) => watch('served', type ?? 'unknown'),
    }
  }
}

function budgetOf(app: Application, ownMemory: number): Snapshot['budget'] {
  try {
    const { memoryBudget } = app.plugin(WebSockets)
    if (!(memoryBudget instanceof SharedBudget)) return null
    const others = memoryBudget.usedBeside(app.sessions as SessionRegistry) // of every application
    return { used: ownMemory + others, limit: memoryBudget.limit }
  } catch (error) {
    // Metrics may be installed before the plugin, or without it.
    if (error instanceof PluginMissingError) return null
    throw error
  }
}
