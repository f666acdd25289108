/**
 * The messages of one client of a gateway: JSON with an `event`, as the clients of Nest send them.
 */

import { asError } from '../../base/internal.ts'
import { CloseReason } from '../../protocol/index.ts'
import type { NestClient } from './gateway-server.ts'
import type { NestMessageHandler, NestObservable } from './nest-types.ts'

const NOT_JSON = new CloseReason(
  CloseReason.Codes.NOT_CONSISTENT,
  'Expected JSON with an event and data',
)

interface NestMessage {
  readonly event: unknown
  readonly data: unknown
}

/** What `bindMessages` needs. */
export interface MessageBinding {
  readonly client: NestClient
  readonly handlers: readonly NestMessageHandler[]
  /** Nest's: makes a stream of what a handler has returned. */
  readonly transform: (data: unknown) => NestObservable
  /** How many handlers of this client run at once. */
  readonly concurrency: number
  /** Called with an error that Nest has not handled. */
  readonly failed: (error: Error) => void
}

/**
 * Calls the handler of each message. While `concurrency` handlers run, the client waits. What a
 * handler returns is sent; if that is a stream, until the client leaves.
 */
export function bindMessages(binding: MessageBinding): void {
  const { client, handlers, concurrency } = binding
  const subscriptions = new Set<{ unsubscribe(): void }>()
  let running = 0
  client.on('message', (data: Buffer) => {
    const message = parse(data)
    if (message === null) {
      void client.session.close(NOT_JSON)
      return
    }
    const handler = handlers.find((each) => each.message === message.event)
    // As with Nest's own adapter: another gateway at this path may have a handler for it.
    if (handler === undefined) return
    running++
    if (running >= concurrency) client.pause()
    void handle(binding, handler, message, subscriptions).finally(() => {
      running--
      if (running < concurrency) client.resume()
    })
  })
  client.once('close', () => {
    for (const subscription of subscriptions) subscription.unsubscribe()
  })
}

/** Resolves when the handler's promise has settled. Never rejects. */
async function handle(
  { client, transform, failed }: MessageBinding,
  { callback }: NestMessageHandler,
  { data, event }: NestMessage,
  subscriptions: Set<{ unsubscribe(): void }>,
): Promise<void> {
  const fail = (error: unknown): void => failed(asError(error, 'the handler of a message'))
  try {
    const returned = callback(data, event)
    const subscription = transform(returned).subscribe({
      next: (result) => {
        if (result !== undefined && result !== null) client.send(JSON.stringify(result))
      },
      error: fail,
      // Nest's streams begin with a promise, so that none completes at once.
      complete: () => void subscriptions.delete(subscription),
    })
    subscriptions.add(subscription)
    await returned
  } catch (error) {
    fail(error)
  }
}

function parse(data: Buffer): NestMessage | null {
  try {
    const message: unknown = JSON.parse(data.toString())
    if (typeof message !== 'object' || message === null || !('event' in message)) return null
    return { event: message.event, data: 'data' in message ? message.data : undefined }
  } catch {
    return null
  }
}
