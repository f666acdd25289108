/**
 * Reading stretches of one topic's log for subscriptions that are behind the ring.
 *
 * A page serves all subscriptions that need it: one read is under way at a time, and the newest
 * pages are kept. Many subscriptions that come back one after another need several pages each.
 */

import type { LogPage, LogTopic } from '../../broker.ts'
import { MalformedBytesError } from '../../kind/numbers.ts'
import { settlePage } from './kept-events.ts'
import type { NodeParts } from '../node-parts.ts'
import type { Shrinkable } from '../ring-budget.ts'
import { type MissingBefore, TopicEvent } from '../topic-event.ts'

/** A stretch of the log, decoded. */
export interface DecodedPage {
  readonly epoch: string
  readonly after: number
  readonly head: number
  readonly events: readonly TopicEvent[]
  readonly complete: boolean | 'unknown'
}

/** Who hears that a page has come. */
export interface PageReader {
  /** Ask again. `failed`: the read has failed; asking again at once would fail too. */
  pageRead(failed: boolean): void
}

/** What pages use of their node. */
export type PagesParts = Pick<NodeParts, 'broker' | 'slots' | 'budget'>

const PAGE_LIMIT = { events: 64, bytes: 64 * 1024 }
/** As many bytes as a ring may have. */
const MAX_PAGES = 4
/** A page without events also takes memory. */
const PAGE_OVERHEAD_BYTES = 200

/** The pages of one topic. They share the memory of the node with all rings and other pages. */
export class LogPages implements Shrinkable {
  readonly #parts: PagesParts
  readonly #topic: LogTopic
  readonly #exposed: (epoch: string) => string
  readonly #suspicious: () => void
  /** Made for the first waiting subscription: most topics are never read behind their ring. */
  #readers: Set<PageReader> | null = null
  /** The newest first. `null`: nothing was read. */
  #pages: readonly DecodedPage[] | null = null
  #bytes = 0
  #isReading = false
  /** How often the pages were forgotten. */
  #era = 0
  #isOver = false

  /**
   * @param exposed the name that subscribers know an epoch of the broker by.
   * @param suspicious is called when a read has failed, or the log is in another epoch than the
   *   node, or shorter.
   */
  constructor(
    parts: PagesParts,
    topic: LogTopic,
    exposed: (epoch: string) => string,
    suspicious: () => void,
  ) {
    this.#parts = parts
    this.#topic = topic
    this.#exposed = exposed
    this.#suspicious = suspicious
  }

  /** The memory of the pages. */
  get bytes(): number {
    return this.#bytes
  }

  /**
   * The page with the events after `after`; `null` when it has to be read first: then `reader` is
   * told when it is worth asking again.
   *
   * @param head the newest offset that is known. A page that has nothing, and knows less, is read
   *   anew.
   */
  pageFor(epoch: string, after: number, head: number, reader: PageReader): DecodedPage | null {
    for (const page of this.#pages ?? []) {
      if (page.epoch === epoch && covers(page, after, head)) return page
    }
    if (this.#isOver) return null
    this.#readers ??= new Set()
    this.#readers.add(reader)
    if (!this.#isReading) void this.#read(epoch, after, head)
    return null
  }

  /** Forgets the pages: the log has changed where pages did not expect it. */
  forget(): void {
    this.#era++
    this.#pages = null
    this.#changed(-this.#bytes)
  }

  /** Drops the page that was read first: other topics need the memory more. */
  shrink(): void {
    const oldest = this.#pages?.at(-1)
    if (oldest === undefined) return
    this.#pages = this.#pages?.slice(0, -1) ?? null
    this.#changed(-bytesOf(oldest))
  }

  /** The topic is not followed any longer: nothing is read or kept. */
  end(): void {
    this.#isOver = true
    this.#readers = null
    this.forget()
  }

  /** Never rejects. */
  async #read(epoch: string, after: number, head: number): Promise<void> {
    const { broker, slots } = this.#parts
    const era = this.#era
    this.#isReading = true
    let failed = false
    try {
      const read = (from: number): Promise<LogPage> =>
        slots.run(() => broker.read(this.#topic, from, PAGE_LIMIT))
      const settled = await settlePage(await read(after), this.#topic.kind.size, read)
      const page = decodePage(settled, after, this.#exposed(settled.epoch))
      // If the log has changed during the read, the page may have events of the old epoch under the
      // name of the new one. A page that comes after the end would never give its memory back.
      if (era === this.#era) {
        this.#keep(page)
        failed = page.epoch !== epoch || !covers(page, after, head)
      }
    } catch {
      // The broker is down, or was: subscriptions that need the page ask again.
      failed = true
    }
    if (this.#isOver) return
    if (failed) this.#suspicious()
    this.#isReading = false
    const readers = this.#readers ?? []
    this.#readers = null
    for (const reader of readers) reader.pageRead(failed)
  }

  #keep(page: DecodedPage): void {
    if (this.#pages?.length === MAX_PAGES) this.shrink()
    this.#pages = [page, ...(this.#pages ?? [])]
    this.#changed(bytesOf(page))
  }

  #changed(bytes: number): void {
    this.#bytes += bytes
    this.#parts.budget.changed(this, bytes)
  }
}

function bytesOf({ events }: DecodedPage): number {
  return events.reduce((sum, { bytes }) => sum + bytes, PAGE_OVERHEAD_BYTES)
}

/** Decodes what a broker has read. An event that is no envelope is told as missing. */
export function decodePage(page: LogPage, after: number, epoch: string): DecodedPage {
  const events: TopicEvent[] = []
  let missing: MissingBefore | null = null
  for (const { offset, message } of page.events) {
    const event = decodeEvent(offset, message, missing)
    missing = event === null ? UNREADABLE : null
    if (event !== null) events.push(event)
  }
  return { epoch, after, head: page.head, events, complete: page.complete }
}

/** @returns `null` for a message that is no envelope: another program has written into the log. */
export function decodeEvent(
  offset: number,
  message: Uint8Array,
  missing: MissingBefore | null,
): TopicEvent | null {
  try {
    return new TopicEvent(offset, true, message, missing)
  } catch (error) {
    if (error instanceof MalformedBytesError) return null
    throw error
  }
}

const UNREADABLE: MissingBefore = { reason: 'broker', missed: null }

/** Whether the page says what comes after `offset`. */
function covers({ after, events, head }: DecodedPage, offset: number, knownHead: number): boolean {
  if (offset < after) return false
  if (offset < (events.at(-1)?.offset ?? 0)) return true
  return offset === after && events.length === 0 && head >= knownHead
}
