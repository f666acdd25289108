/**
 * Hints of a page or worker about its network and its visibility.
 */

import type { ConnectionHint, ConnectionHints } from '../../client/portable.ts'
import type { PageEvents } from './platform.ts'

/** The members of the global object of a page or worker that are used. */
export interface PageScope extends PageEvents {
  /** `onLine` is `false` only if there is certainly no network. */
  readonly navigator?: { readonly onLine?: boolean } | undefined
  /** `undefined` in workers. */
  readonly document?: (PageEvents & { readonly visibilityState: string }) | undefined
}

/** Events of the global object and their hints. */
const HINTS: Readonly<Record<string, ConnectionHint>> = {
  online: 'online',
  offline: 'offline',
  pagehide: 'left',
  pageshow: 'shown',
}

/**
 * Returns hints from the events `online`, `offline`, `pagehide`, `pageshow` and `visibilitychange`.
 */
export function pageHints(scope: PageScope): ConnectionHints {
  return {
    get isOnline(): boolean {
      return scope.navigator?.onLine !== false
    },

    listen(listener: (hint: ConnectionHint) => void): Disposable {
      const { document } = scope
      const listeners = Object.entries(HINTS).map(
        ([event, hint]) => [event, (): void => listener(hint)] as const,
      )
      const seen = (): void => {
        listener(document?.visibilityState === 'visible' ? 'visible' : 'hidden')
      }
      for (const each of listeners) scope.addEventListener(...each)
      document?.addEventListener('visibilitychange', seen)
      return {
        [Symbol.dispose](): void {
          for (const each of listeners) scope.removeEventListener(...each)
          document?.removeEventListener('visibilitychange', seen)
        },
      }
    },
  }
}
