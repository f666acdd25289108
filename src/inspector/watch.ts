/**
 * The watch over an application: while a page is open, a pass over the sessions each second. With
 * no page there is no timer, no listener and no measurement.
 */

import { type Application, PluginMissingError, WebSockets } from '../application/index.ts'
import { countsOf, logFailure, SessionRegistry, SharedBudget } from '../application/internal.ts'
import type { Endings } from './endings.ts'
import { SampleHistory } from './history.ts'
import { type PassSums, visitSessions } from './pass.ts'
import { ProcessMeter } from './process-meter.ts'
import { rowOf, SessionView } from './session-view.ts'
import { type Moved, nothingMoved, SessionTraffic } from './session-traffic.ts'
import { topicsFacts } from './topics-facts.ts'
import { TopRows } from './top-rows.ts'
import type { Viewer } from './viewer.ts'
import { type Facts, type History, MAX_ROWS, type RouteRow, type Sample } from './wire.ts'

/** Time between two passes, in milliseconds. */
export const PERIOD_MS = 1000

/** What the watch needs. */
export interface WatchParts {
  readonly app: Application
  readonly endings: Endings
  /** Milliseconds since 1970. */
  readonly wallTime: () => number
  /** Resolves when the event loop has turned. */
  readonly turned: () => Promise<void>
}

/** Sums that only grow, at the pass before. */
interface Before {
  readonly at: number
  readonly opened: number
  readonly closed: number
  readonly refused: number
  readonly dropped: number
}

/** What is kept while pages are open. */
class Looking {
  readonly traffic: SessionTraffic
  readonly meter: ProcessMeter = new ProcessMeter()
  readonly listener: Disposable
  /** The timer of the next pass; `null` during a pass. */
  timer: Disposable | null = null
  before: Before

  constructor(app: Application, before: Before) {
    this.before = before
    this.traffic = new SessionTraffic(app.clock.now())
    // A session may end between two passes, with bytes that no pass has seen.
    this.listener = app.monitor.on('sessionClosed', ({ session }) => {
      this.traffic.look(session, session.statistics, app.clock.now())
    })
    this.meter.start()
  }

  end(): void {
    this.listener[Symbol.dispose]()
    this.timer?.[Symbol.dispose]()
    this.meter.stop()
  }
}

/** The watch over one application. */
export class Watch {
  readonly #parts: WatchParts
  readonly #viewers = new Set<Viewer>()
  readonly #history = new SampleHistory()
  /** `null` while no page is open. */
  #looking: Looking | null = null
  #passes = 0

  constructor(parts: WatchParts) {
    this.#parts = parts
  }

  get viewers(): number {
    return this.#viewers.size
  }

  /** How many passes have been made. */
  get passes(): number {
    return this.#passes
  }

  get history(): History {
    return this.#history.current
  }

  /** Sends snapshots to `viewer` until `leave`. */
  join(viewer: Viewer): void {
    this.#viewers.add(viewer)
    if (this.#looking !== null) return
    const looking = new Looking(this.#parts.app, this.#totals())
    this.#looking = looking
    this.#schedule(looking, PERIOD_MS / 4)
  }

  leave(viewer: Viewer): void {
    this.#viewers.delete(viewer)
    if (this.#viewers.size > 0) return
    this.#looking?.end()
    this.#looking = null
  }

  #schedule(looking: Looking, delayMs: number): void {
    looking.timer = this.#parts.app.clock.setTimer(delayMs, () => void this.#look(looking))
  }

  /** One pass, and the time until the next. Never rejects. */
  async #look(looking: Looking): Promise<void> {
    looking.timer = null
    const startedAt = this.#parts.app.clock.now()
    try {
      await this.#pass(looking)
    } catch (error) {
      logFailure(this.#parts.app.logger, error, 'Inspector failed')
    }
    if (looking !== this.#looking) return
    const tookMs = this.#parts.app.clock.now() - startedAt
    this.#schedule(looking, Math.max(PERIOD_MS - tookMs, PERIOD_MS / 4))
  }

  async #pass(looking: Looking): Promise<void> {
    const { app, turned } = this.#parts
    this.#passes++
    const views = new Map<Viewer, SessionView>()
    for (const viewer of this.#viewers) {
      if (viewer.isReady) views.set(viewer, new SessionView(viewer.view))
    }
    const sums = await visitSessions({
      sessions: app.sessions,
      traffic: looking.traffic,
      views: [...views.values()],
      now: () => app.clock.now(),
      turned,
      isOver: () => looking !== this.#looking,
    })
    if (sums === null) return
    const facts = this.#facts(looking, sums)
    this.#history.add(facts.at, facts.sample)
    const shared = JSON.stringify(facts)
    for (const [viewer, view] of views) {
      if (this.#viewers.has(viewer)) sendSnapshot(viewer, view, shared)
    }
  }

  #facts(looking: Looking, sums: PassSums): Facts {
    const { app, endings, wallTime } = this.#parts
    const moved = looking.traffic.take()
    const totals = this.#totals()
    const seconds = Math.max(totals.at - looking.before.at, 1) / 1000
    const perSecond = (amount: number): number => rounded(amount / seconds)
    const counts = countsOf(app) ?? app.statistics()
    const used = this.#used(sums)
    const sample = { ...sampleOf(sums, moved, perSecond), ...looking.meter.read() }
    const { before } = looking
    looking.before = totals
    return {
      at: wallTime(),
      state: app.state,
      sample: roundedAll({
        ...sample,
        opened: perSecond(totals.opened - before.opened),
        closed: perSecond(totals.closed - before.closed),
        refused: perSecond(totals.refused - before.refused),
        dropped: perSecond(totals.dropped - before.dropped),
        held: used,
      }),
      opened: totals.opened,
      closed: totals.closed,
      routes: routeRows(sums, moved, perSecond),
      closes: endings.closes,
      failures: endings.failures,
      refusals: counts.upgradesRefused,
      limits: counts.limitsReached,
      dropped: counts.framesDropped,
      budget: { used, limit: budgetOf(app)?.limit ?? null },
      topics: topicsFacts(app),
      viewers: this.#viewers.size,
    }
  }

  /** The bytes that count for the memory budget; without one, those of the sessions. */
  #used({ held, kept }: PassSums): number {
    const { app } = this.#parts
    const registry = app.sessions instanceof SessionRegistry ? app.sessions : null
    return held + kept + (budgetOf(app)?.usedBeside(registry) ?? 0)
  }

  #totals(): Before {
    const { app } = this.#parts
    const { sessions, upgradesRefused, framesDropped } = countsOf(app) ?? app.statistics()
    return {
      at: app.clock.now(),
      opened: sessions.opened,
      closed: sessions.closed,
      refused: Object.values(upgradesRefused).reduce((sum, count) => sum + count, 0),
      dropped: framesDropped.incoming + framesDropped.outgoing,
    }
  }
}

type Rates = Omit<Sample, keyof ReturnType<ProcessMeter['read']>>

function sampleOf(
  { sessions, unread, unsent, roundTrips }: PassSums,
  moved: ReadonlyMap<string, Moved>,
  perSecond: (amount: number) => number,
): Omit<Rates, 'opened' | 'closed' | 'refused' | 'dropped' | 'held'> {
  const sum = nothingMoved()
  for (const route of moved.values()) {
    sum.messagesIn += route.messagesIn
    sum.messagesOut += route.messagesOut
    sum.bytesIn += route.bytesIn
    sum.bytesOut += route.bytesOut
  }
  return {
    sessions,
    ...ratesOf(sum, perSecond),
    unread,
    unsent,
    roundTrip50: roundTrips.at(0.5),
    roundTrip99: roundTrips.at(0.99),
  }
}

function ratesOf(moved: Moved, perSecond: (amount: number) => number): Moved {
  return {
    messagesIn: perSecond(moved.messagesIn),
    messagesOut: perSecond(moved.messagesOut),
    bytesIn: perSecond(moved.bytesIn),
    bytesOut: perSecond(moved.bytesOut),
  }
}

/** The routes with the most sessions. */
function routeRows(
  { byRoute }: PassSums,
  moved: ReadonlyMap<string, Moved>,
  perSecond: (amount: number) => number,
): readonly RouteRow[] {
  const top = new TopRows<RouteRow>(MAX_ROWS)
  for (const [route, { sessions, ages, unread, unsent }] of byRoute) {
    const rates = ratesOf(moved.get(route) ?? nothingMoved(), perSecond)
    top.add(sessions, { route, sessions, ages, ...rates, unread, unsent })
  }
  return top.rows
}

function sendSnapshot(viewer: Viewer, view: SessionView, facts: string): void {
  const rows = view.visits.map((visit) => {
    const row = rowOf(visit)
    viewer.shows(row.id, visit.session)
    return row
  })
  const own = JSON.stringify({ view: view.view, matching: view.matching, rows })
  // The facts are the same for all viewers, and are encoded once.
  viewer.sendText(`{"type":"snapshot","facts":${facts},${own.slice(1)}`)
}

function budgetOf(app: Application): SharedBudget | null {
  try {
    const { memoryBudget } = app.plugin(WebSockets)
    return memoryBudget instanceof SharedBudget ? memoryBudget : null
  } catch (error) {
    if (error instanceof PluginMissingError) return null
    throw error
  }
}

/** Fewer digits: a snapshot is sent each second. */
function rounded(value: number): number {
  return Math.round(value * 1000) / 1000
}

function roundedAll(sample: Sample): Sample {
  // The object has the names of `sample` and no others.
  return Object.fromEntries(
    Object.entries(sample).map(([name, value]) => [name, value === null ? null : rounded(value)]),
  ) as unknown as Sample
}
