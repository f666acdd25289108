/**
 * What a primary process and its workers tell each other. The channel between them belongs to the program too:
 * ours are under a name of their own, and whatever else arrives is left alone.
 */

import type { StopCounts } from '../../../application/index.ts'
import type { DrainTimes } from '../../../application/internal.ts'

/** From a worker. */
export type WorkerReport =
  | { readonly kind: 'listening'; readonly host: string; readonly port: number }
  | {
      /** It cannot listen where it was to. */
      readonly kind: 'refused'
      readonly host: string | null
      readonly port: number
      /** What the operating system said: `EADDRINUSE` for one; `null` if that was no such thing. */
      readonly code: string | null
      readonly reason: string
    }
  | { readonly kind: 'stopped'; readonly counts: StopCounts }

/** To a worker: stop, in so much time. */
export interface StopOrder {
  readonly kind: 'stop'
  readonly times: DrainTimes
}

const NAME = 'towpath:worker'

/** Puts a message into what is sent. */
export function wrapMessage(message: WorkerReport | StopOrder): object {
  return { [NAME]: message }
}

/** The report in what has come from a worker; `null` if it is none of ours. */
export function readReport(received: unknown): WorkerReport | null {
  const message = unwrap(received)
  // Only a worker writes under the name to its primary, and nothing but reports.
  return message === null || message.kind === 'stop' ? null : (message as WorkerReport)
}

/** The order in what has come from the primary; `null` if it is none of ours. */
export function readOrder(received: unknown): StopOrder | null {
  const message = unwrap(received)
  // Only the primary writes under the name to a worker, and nothing but orders.
  return message?.kind === 'stop' ? (message as StopOrder) : null
}

function unwrap(received: unknown): { readonly kind: string } | null {
  if (typeof received !== 'object' || received === null || !(NAME in received)) return null
  // Nobody else writes under the name, see above.
  return received[NAME] as { readonly kind: string }
}
