/**
 * Reading stretches of one topic's log for subscriptions that are behind the ring.
 *
 * A page serves all subscriptions that need it: one read is under way at a time, and the newest
 * pages are kept. Many subscriptions that come back one after another need several pages each.
 */

import type { Broker, LogPage, LogTopic } from '../../broker.ts'
import { MalformedBytesError } from '../../kind/numbers.ts'
import { settlePage } from './kept-events.ts'
import type { ReadSlots } from './read-slots.ts'
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

const PAGE_LIMIT = { events: 64, bytes: 64 * 1024 }
/** As many bytes as a ring may have. */
const MAX_PAGES = 4

/** The pages of one topic. */
export class LogPages {
  readonly #broker: Broker
  readonly #topic: LogTopic
  readonly #slots: ReadSlots
  readonly #exposed: (epoch: string) => string
  readonly #suspicious: () => void
  /** Made for the first waiting subscription: most topics are never read behind their ring. */
  #readers: Set<PageReader> | null = null
  /** The newest first. `null`: nothing was read. */
  #pages: readonly DecodedPage[] | null = null
  #isReading = false

  /**
   * @param exposed the name that subscribers know an epoch of the broker by.
   * @param suspicious is called when a read has failed, or the log is in another epoch than the
   *   node, or shorter.
   */
  constructor(
    broker: Broker,
    topic: LogTopic,
    slots: ReadSlots,
    exposed: (epoch: string) => string,
    suspicious: () => void,
  ) {
    this.#broker = broker
    this.#topic = topic
    this.#slots = slots
    this.#exposed = exposed
    this.#suspicious = suspicious
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
    this.#readers ??= new Set()
    this.#readers.add(reader)
    if (!this.#isReading) void this.#read(epoch, after, head)
    return null
  }

  /** Forgets the pages: the log has changed where pages did not expect it. */
  forget(): void {
    this.#pages = null
  }

  /** Never rejects. */
  async #read(epoch: string, after: number, head: number): Promise<void> {
    this.#isReading = true
    let failed = false
    try {
      const read = (from: number): Promise<LogPage> =>
        this.#slots.run(() => this.#broker.read(this.#topic, from, PAGE_LIMIT))
      const settled = await settlePage(await read(after), this.#topic.kind.size, read)
      const page = decodePage(settled, after, this.#exposed(settled.epoch))
      this.#pages = [page, ...(this.#pages ?? [])].slice(0, MAX_PAGES)
      failed = page.epoch !== epoch || !covers(page, after, head)
    } catch {
      // The broker is down, or was: subscriptions that need the page ask again.
      failed = true
    }
    if (failed) this.#suspicious()
    this.#isReading = false
    const readers = this.#readers ?? []
    this.#readers = null
    for (const reader of readers) reader.pageRead(failed)
  }
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
