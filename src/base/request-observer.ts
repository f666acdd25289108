/**
 * Observes typed requests: for metrics and traces. The messages of a session ask for the observer
 * of the session, or of its application.
 */

/** One request, from its call or its arrival to its outcome. */
export interface RequestWatch {
  /** Travels with a request of this side; `null`: nothing does. */
  readonly trace: string | null
  /** Calls the handler of a request in the context of the request. */
  run<T>(handle: () => T): T
  /** @param outcome `null`: success; else the code of the failure, or its error. */
  ended(outcome: unknown): void
}

/** Receives the requests of sessions. The methods must not throw. */
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

/** Adds an observer of the requests of a client's session, or of all sessions of an application. */
export function observeRequests(owner: object, observer: RequestObserver): void {
  const earlier = OBSERVERS.get(owner)
  OBSERVERS.set(owner, earlier === undefined ? observer : together(earlier, observer))
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
