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
  /** The outcome. `failure` is the code of the failure; `null`: the request has succeeded. */
  ended(failure: string | null): void
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

const OBSERVERS = new WeakMap<object, RequestObserver[]>()

/** Adds an observer of the requests of a session, or of all sessions of an application. */
export function observeRequests(owner: object, observer: RequestObserver): void {
  OBSERVERS.set(owner, [...(OBSERVERS.get(owner) ?? []), observer])
}

/** Returns the observers of `session` and of its application; `null`: there are none. */
export function requestObserversOf(session: object): readonly RequestObserver[] | null {
  const { application } = session as { readonly application?: unknown } // of sessions of servers
  const shared = typeof application === 'object' && application !== null ? application : session
  const own = OBSERVERS.get(session) ?? []
  const all = shared === session ? own : [...own, ...(OBSERVERS.get(shared) ?? [])]
  return all.length === 0 ? null : all
}
