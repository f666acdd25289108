/**
 * What a page, or a worker, is told about its network and about who looks at it.
 */

import type { ConnectionHint, ConnectionHints } from '../../client/portable.ts'

/** What tells of something by events. */
interface EventSource {
  addEventListener(type: string, listener: () => void): void
  removeEventListener(type: string, listener: () => void): void
}

/** The global object of a page or a worker, as far as it is used. */
export interface PageScope extends EventSource {
  /** `onLine` is `false` only when there is certainly no network. */
  readonly navigator?: { readonly onLine?: boolean } | undefined
  /** Workers have none. */
  readonly document?: (EventSource & { readonly visibilityState: string }) | undefined
}

/** Hints from the events `online`, `offline` and `visibilitychange`. */
export function pageHints(scope: PageScope): ConnectionHints {
  return {
    get isOnline(): boolean {
      return scope.navigator?.onLine !== false
    },

    listen(listener: (hint: ConnectionHint) => void): Disposable {
      const { document } = scope
      const online = (): void => listener('online')
      const offline = (): void => listener('offline')
      const seen = (): void => {
        listener(document?.visibilityState === 'visible' ? 'visible' : 'hidden')
      }
      scope.addEventListener('online', online)
      scope.addEventListener('offline', offline)
      document?.addEventListener('visibilitychange', seen)
      return {
        [Symbol.dispose](): void {
          scope.removeEventListener('online', online)
          scope.removeEventListener('offline', offline)
          document?.removeEventListener('visibilitychange', seen)
        },
      }
    },
  }
}
