/**
 * Observes typed requests: for metrics and traces. The messages of a session report to the observer
 * of the session, or of its application.
 */

import { callSafely, runOnce } from './guarded-call.ts'

/** One request, from its call or its arrival to its outcome. */
export interface RequestWatch {
  /** Travels with a request of this side; `null`: nothing does. */
  readonly trace: string | null
  /** Calls the handler of a request in the context of the request. */
  run<T>(handle: () => T): T
  /**
   * @param failure the code of the failure; `null`: success.
   * @param isKnown whether the code is built in, or declared by the contract. A peer may invent any
   *   other code.
   */
  ended(failure: string | null, isKnown: boolean): void
}

/** Receives the requests of sessions. What its methods throw is reported, and changes nothing. */
export interface RequestObserver {
  /** A request of this side. `null`: it is not observed. */
  asked(type: string, session: object): RequestWatch | null
  /**
   * A request of the peer.
   *
   * @param type the name in the contract; `null`: the contract does not have it.
   * @param trace what came with the request; `null`: nothing.
   */
  served(type: string | null, trace: string | null, session: object): RequestWatch | null
}

/** One request, as the messages of a session report it. */
export interface ReportedRequest {
  readonly trace: string | null
  run<T>(handle: () => T): T
  /** @param outcome `null`: success; else the code of the failure, or its error. */
  ended(outcome: unknown): void
}

/** The entry of a request in its contract; `null`: the contract does not have it. */
type Entry = { readonly errors: { has(code: string): boolean } } | null

/** What the messages of a session report to. */
export interface RequestReports {
  asked(type: string, session: object, entry: Entry): ReportedRequest | null
  /** @param type the name that the peer sent: any. */
  served(
    type: string,
    trace: string | undefined,
    session: object,
    entry: Entry,
  ): ReportedRequest | null
}

const REPORTS = new WeakMap<object, RequestReports>()

/**
 * Adds an observer of the requests of a client's session, or of all sessions of an application.
 *
 * @param report is given what the observer throws. It must not throw.
 */
export function observeRequests(
  owner: object,
  observer: RequestObserver,
  report: (error: unknown) => void,
): void {
  const earlier = REPORTS.get(owner)
  const own = reportsTo(observer, report)
  REPORTS.set(owner, earlier === undefined ? own : together(earlier, own))
}

/**
 * Returns what the requests of `session` are reported to: the observer of its application, if it
 * has one. `undefined`: they are not observed. Pages load this function alone.
 */
export function requestObserverOf(session: object): RequestReports | undefined {
  return REPORTS.get((session as { readonly application?: object }).application ?? session)
}

/** Observers run code of users: span processors, samplers. A request must not depend on them. */
function reportsTo(observer: RequestObserver, report: (error: unknown) => void): RequestReports {
  const watched = (begin: () => RequestWatch | null, entry: Entry): ReportedRequest | null => {
    const watch = callSafely(begin, null, report)
    if (watch === null) return null
    return {
      trace: watch.trace,
      run: (handle) => runOnce((task) => watch.run(task), handle, report),
      ended(outcome) {
        const failure = failureOf(outcome)
        const isKnown = failure === null || isKnownFailure(failure, entry)
        callSafely(() => watch.ended(failure, isKnown), undefined, report)
      },
    }
  }
  return {
    asked: (type, session, entry) => watched(() => observer.asked(type, session), entry),
    served: (type, trace, session, entry) =>
      watched(() => observer.served(entry && type, trace ?? null, session), entry),
  }
}

function together(one: RequestReports, other: RequestReports): RequestReports {
  return {
    asked: (...request) => both(one.asked(...request), other.asked(...request)),
    served: (...request) => both(one.served(...request), other.served(...request)),
  }
}

function both(one: ReportedRequest | null, other: ReportedRequest | null): ReportedRequest | null {
  if (one === null || other === null) return one ?? other
  return {
    trace: one.trace ?? other.trace,
    run: (handle) => one.run(() => other.run(handle)),
    ended(outcome) {
      one.ended(outcome)
      other.ended(outcome)
    },
  }
}

/** Errors without a code cancel a request. */
function failureOf(outcome: unknown): string | null {
  if (outcome === null || typeof outcome === 'string') return outcome
  const failure: unknown = outcome instanceof Error ? Reflect.get(outcome, 'failure') : null
  return typeof failure === 'string' ? failure : 'CANCELLED'
}

/** The failures that no contract declares: see `BuiltinFailure` of typed messages. */
const BUILT_IN: ReadonlySet<string> = new Set([
  'INVALID',
  'UNKNOWN',
  'BUSY',
  'CANCELLED',
  'TIMEOUT',
  'FAILED',
  'DISCONNECTED',
])

function isKnownFailure(code: string, entry: Entry): boolean {
  return BUILT_IN.has(code) || entry?.errors.has(code) === true
}
