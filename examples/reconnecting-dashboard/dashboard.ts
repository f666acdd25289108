/**
 * The dashboard's route: sends the state of this process to every viewer once a second.
 */

import { Frame } from 'towpath'
import type { WebSocketServerSession } from 'towpath'
import { Channel } from 'towpath/channels'
import type { ReceiveChannel } from 'towpath/channels'

/** One measurement of the process. */
export interface Reading {
  readonly uptimeSeconds: number
  readonly memoryMiB: number
  readonly viewers: number
  /** Use of one processor since the previous reading, to a tenth of a percent. */
  readonly cpuPercent: number
}

/** Calls back once a second until it is disposed of. */
export type Ticker = (callback: () => void) => Disposable

const SECOND_MS = 1000
const MIB = 1024 * 1024

/** Measures while there are viewers. */
export class Readings {
  readonly #ticker: Ticker
  readonly #feeds = new Set<Channel<Reading>>()
  #timer: Disposable | null = null
  #cpu = process.cpuUsage()
  #cpuAt = performance.now()

  /** Tests pass their own ticker. */
  constructor(ticker: Ticker = everySecond) {
    this.#ticker = ticker
  }

  /** Returns a channel of the readings from now on. A slow viewer gets only the latest. */
  watch(): ReceiveChannel<Reading> {
    const feed = new Channel<Reading>({ capacity: 1, onOverflow: 'drop-oldest' })
    this.#feeds.add(feed)
    this.#timer ??= this.#ticker(() => this.#read())
    return feed
  }

  /** Ends a channel of `watch`. */
  end(feed: ReceiveChannel<Reading>): void {
    feed.cancel()
    for (const each of this.#feeds) if (each.isClosedForSend) this.#feeds.delete(each)
    if (this.#feeds.size > 0) return
    this.#timer?.[Symbol.dispose]()
    this.#timer = null
  }

  #read(): void {
    const reading: Reading = {
      uptimeSeconds: Math.round(process.uptime()),
      memoryMiB: Math.round(process.memoryUsage.rss() / MIB),
      viewers: this.#feeds.size,
      cpuPercent: this.#readCpu(),
    }
    for (const feed of this.#feeds) feed.trySend(reading)
  }

  #readCpu(): number {
    const { user, system } = process.cpuUsage(this.#cpu)
    const elapsedMs = performance.now() - this.#cpuAt
    this.#cpu = process.cpuUsage()
    this.#cpuAt = performance.now()
    // `cpuUsage` counts microseconds.
    return elapsedMs > 0 ? Math.round((user + system) / elapsedMs) / 10 : 0
  }
}

/**
 * Sends readings until the viewer leaves. A viewer that sends "drop" is dropped, to show a
 * reconnect.
 */
export async function dashboard(
  readings: Readings,
  { incoming, send, launch, terminate }: WebSocketServerSession,
): Promise<void> {
  const feed = readings.watch()
  void launch(async () => {
    for await (const frame of incoming) {
      if (frame instanceof Frame.Text && frame.readText() === 'drop') terminate()
    }
    readings.end(feed)
  })
  try {
    for await (const reading of feed) await send(JSON.stringify(reading))
  } finally {
    readings.end(feed)
  }
}

function everySecond(callback: () => void): Disposable {
  const timer = setInterval(callback, SECOND_MS)
  return { [Symbol.dispose]: () => clearInterval(timer) }
}
