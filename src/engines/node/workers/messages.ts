/**
 * The messages between a primary process and its workers. The program shares their channel, so
 * these messages have a name of their own, and all others are ignored.
 */

import type { StopCounts } from '../../../application/index.ts'
import type { DrainTimes } from '../../../application/internal.ts'

/** A message from a worker. */
export type WorkerReport =
  | { readonly kind: 'listening'; readonly host: string; readonly port: number }
  | {
      /** The worker cannot listen on its address. */
      readonly kind: 'refused'
      readonly host: string | null
      readonly port: number
      /** The system's error code, such as `EADDRINUSE`; `null` for another error. */
      readonly code: string | null
      readonly reason: string
    }
  | { readonly kind: 'stopped'; readonly counts: StopCounts }

/** A message to a worker: stop within these times. */
export interface StopOrder {
  readonly kind: 'stop'
  readonly times: DrainTimes
}

const NAME = 'towpath:worker'

/** Wraps a message for sending. */
export function wrapMessage(message: WorkerReport | StopOrder): object {
  return { [NAME]: message }
}

/** Returns the report in a message from a worker; `null` for any other message. */
export function readReport(received: unknown): WorkerReport | null {
  const message = unwrap(received)
  // Workers send only reports under this name.
  return message === null || message.kind === 'stop' ? null : (message as WorkerReport)
}

/** Returns the order in a message from the primary; `null` for any other message. */
export function readOrder(received: unknown): StopOrder | null {
  const message = unwrap(received)
  // The primary sends only orders under this name.
  return message?.kind === 'stop' ? (message as StopOrder) : null
}

function unwrap(received: unknown): { readonly kind: string } | null {
  if (typeof received !== 'object' || received === null || !(NAME in received)) return null
  // No other code uses this name.
  return received[NAME] as { readonly kind: string }
}
