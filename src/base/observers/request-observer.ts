/**
 * Observes typed requests: for metrics and traces. The messages of a session ask for the observer
 * of the session, or of its application.
 */

import { callSafely, runOnce } from './guarded-call.ts'

/** One request, from its call or its arrival to its outcome. */
export interface RequestWatch {
  /** Travels with a request of this side; `null`: nothing does. */
  readonly trace: string | null
  /** Calls the handler of a request in the context of the request. */
  run<T>(handle: () => T): T
  /** @param outcome `null`: success; else the code of the failure, or its error. */
  ended(outcome: unknown): void
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

const OBSERVERS = new WeakMap<object, RequestObserver>()

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
  const earlier = OBSERVERS.get(owner)
  const own = guarded(observer, report)
  OBSERVERS.set(owner, earlier === undefined ? own : together(earlier, own))
}

/** Returns the code of a failure; `null` for success. Errors without a code cancel a request. */
export function failureOf(outcome: unknown): string | null {
  if (outcome === null || typeof outcome === 'string') return outcome
  const failure: unknown = outcome instanceof Error ? Reflect.get(outcome, 'failure') : null
  return typeof failure === 'string' ? failure : 'CANCELLED'
}

/**
 * Returns the observer of the requests of `session`: the one of its application, if it has one.
 * `undefined`: they are not observed. Pages load this function alone.
 */
export function requestObserverOf(session: object): RequestObserver | undefined {
  return OBSERVERS.get((session as { readonly application?: object }).application ?? session)
}

/** Observers run code of users: span processors, samplers. A request must not depend on them. */
function guarded(observer: RequestObserver, report: (error: unknown) => void): RequestObserver {
  const watched = (begin: () => RequestWatch | null): RequestWatch | null => {
    const watch = callSafely(begin, null, report)
    if (watch === null) return null
    return {
      trace: watch.trace,
      run: (handle) => runOnce((task) => watch.run(task), handle, report),
      ended: (outcome) => callSafely(() => watch.ended(outcome), undefined, report),
    }
  }
  return {
    asked: (type, session) => watched(() => observer.asked(type, session)),
    served: (type, trace, session) => watched(() => observer.served(type, trace, session)),
  }
}

function together(one: RequestObserver, other: RequestObserver): RequestObserver {
  return {
    asked: (type, session) => both(one.asked(type, session), other.asked(type, session)),
    served: (type, trace, session) =>
      both(one.served(type, trace, session), other.served(type, trace, session)),
  }
}

function both(one: RequestWatch | null, other: RequestWatch | null): RequestWatch | null {
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
