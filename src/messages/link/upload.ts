/**
 * The upload of one request: sends the items of this side.
 */

import { InvalidMessageError } from '../errors.ts'
import type { CompiledEntry } from '../contract.ts'
import { encodeItem, type Items, ItemSource } from './item-source.ts'
import type { LinkParts } from './parts.ts'

/** A request that has been sent, as its upload sees it. */
export interface UploadingAsk {
  readonly id: number
  readonly type: string
  readonly entry: CompiledEntry | null
  /** Whether the request has its outcome. */
  readonly isSettled: boolean
  /** The upload has failed. */
  cancel(error: unknown): void
}

/** Begins an upload. The peer grants its credit, or it is stopped. */
export type StartUpload = (link: LinkParts, ask: UploadingAsk) => Pick<ItemSource, 'grant' | 'stop'>

/** Uploads `items`, each of which is asked for when the peer has room for it. */
export function uploadOf(items: Items): StartUpload {
  return (link, ask) => {
    const source = new ItemSource(0)
    source
      .run(items, (item) => sendItem(link, ask, item))
      .then((end) => {
        if (end !== null) void link.outbox.post({ type: '.end', id: ask.id })
      })
      .catch((error: unknown) => ask.cancel(error))
    return source
  }
}

async function sendItem(
  { order, port, settings }: LinkParts,
  ask: UploadingAsk,
  item: unknown,
): Promise<void> {
  let value = item
  if (order !== null) {
    const validated = await order.validate(ask.entry?.upload ?? null, item)
    if (validated.issues !== null) throw new InvalidMessageError(ask.type, validated.issues)
    value = validated.value
  }
  if (!ask.isSettled) await port.send(encodeItem(settings.codec, ask.id, value))
}
