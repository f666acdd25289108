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
import { addHooks, listsProtocols, logFailure, type UpgradeEnd } from '../application/internal.ts'
import { observeRequests, type RequestObserver, type RequestWatch } from '../base/internal.ts'
import type { TopicsStatistics } from '../topics/index.ts'
import { installedTopicsOf } from '../topics/internal.ts'
import { BoundedLabel, closeCodeLabel, OTHER } from './labels.ts'

/** The two directions of a session. */
export const DIRECTIONS = ['incoming', 'outgoing'] as const

/** The sums of one route, over all of its sessions. */
export interface RouteTotals {
  readonly messages: { incoming: number; outgoing: number }
  readonly bytes: { incoming: number; outgoing: number }
}

/** The state of an application at one moment. */
export interface Snapshot {
  readonly sessions: ReadonlyArray<{
    readonly route: string
    /** `''` without a subprotocol, `other` if a function of the application chose it. */
    readonly protocol: string
    readonly count: number
  }>
  readonly totals: ReadonlyMap<string, RouteTotals>
  readonly queued: { incoming: number; outgoing: number }
  readonly statistics: ApplicationStatistics
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

  /** Reads the state of the application. Visits every session. */
  snapshot(): Snapshot {
    const totals = new Map<string, RouteTotals>()
    for (const [route, ended] of this.#ended) addTo(totals, route, ended)
    const sessions = new Map<string, { route: string; protocol: string; count: number }>()
    const queued = { incoming: 0, outgoing: 0 }
    for (const session of this.#app.sessions) {
      const { route, statistics } = session
      const protocol = this.#protocolOf(session)
      const key = `${protocol} ${route}`
      const known = sessions.get(key)
      if (known === undefined) sessions.set(key, { route, protocol, count: 1 })
      else known.count++
      if (!this.#counted.has(session)) addTo(totals, route, statistics)
      for (const direction of DIRECTIONS) queued[direction] += statistics.queued[direction].bytes
    }
    return {
      sessions: [...sessions.values()],
      totals,
      queued,
      statistics: this.#app.statistics(),
      budget: budgetOf(this.#app),
      topics: installedTopicsOf(this.#app)?.statistics() ?? null,
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

function addTo(
  totals: Map<string, RouteTotals>,
  route: string,
  { messages, bytes }: RouteTotals,
): void {
  let sum = totals.get(route)
  if (sum === undefined) {
    sum = { messages: { incoming: 0, outgoing: 0 }, bytes: { incoming: 0, outgoing: 0 } }
    totals.set(route, sum)
  }
  for (const direction of DIRECTIONS) {
    sum.messages[direction] += messages[direction]
    sum.bytes[direction] += bytes[direction]
  }
}

function budgetOf(app: Application): Snapshot['budget'] {
  try {
    const { memoryBudget } = app.plugin(WebSockets)
    return memoryBudget === null ? null : { used: memoryBudget.used, limit: memoryBudget.limit }
  } catch (error) {
    // Metrics may be installed before the plugin, or without it.
    if (error instanceof PluginMissingError) return null
    throw error
  }
}
