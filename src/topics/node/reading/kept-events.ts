/**
 * Counting what a log keeps, where one page of it does not say.
 *
 * A broker returns fewer events than it is asked for. A short page therefore says nothing about the
 * size of the log.
 */

import type { LogPage } from '../../broker.ts'

/** An event may expire so much earlier than it should. */
export const AGE_MARGIN_MS = 30_000

/** Reads the events after an offset. */
export type ReadAfter = (after: number) => Promise<LogPage>

/**
 * Finds out whether a page whose broker cannot tell (`'unknown'`) is the beginning of a full log.
 * Reads on only when the page does not reach the head.
 *
 * @param size how many events the log keeps at least.
 * @returns the page; `complete` is `false` when `size` or more events are kept after `after`: then
 *   the log may have trimmed others. A page that stays `'unknown'` has fewer.
 */
export async function settlePage(page: LogPage, size: number, read: ReadAfter): Promise<LogPage> {
  if (page.complete !== 'unknown') return page
  let count = page.events.length
  let last = page.events.at(-1)?.offset ?? page.head
  while (count < size && last < page.head) {
    const next = await read(last)
    // The log has begun again: what was before it is not known any more.
    if (next.epoch !== page.epoch) return { ...page, complete: false }
    count += next.events.length
    last = next.events.at(-1)?.offset ?? page.head
  }
  return count < size ? page : { ...page, complete: false }
}

/** The events that a log keeps. */
export interface KeptOffsets {
  /** Up to here the log was read. */
  readonly head: number
  /** In order; none when the log has begun again during the read. */
  readonly offsets: readonly number[]
}

/** Reads the offsets of the whole log. */
export async function keptOffsets(read: ReadAfter): Promise<KeptOffsets> {
  const offsets: number[] = []
  let epoch: string | null = null
  for (let after = 0; ;) {
    const page = await read(after)
    const { head } = page
    epoch ??= page.epoch
    if (page.epoch !== epoch) return { head, offsets: [] }
    for (const { offset } of page.events) offsets.push(offset)
    const last = page.events.at(-1)
    if (last === undefined || last.offset >= head) return { head, offsets }
    after = last.offset
  }
}
