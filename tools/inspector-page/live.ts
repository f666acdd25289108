/**
 * The connection of the page: it comes back by itself, and keeps what arrived.
 */

import {
  FIRST_VIEW,
  type PageMessage,
  SERIES,
  type SeriesName,
  type ServerMessage,
  type View,
} from '../../src/inspector/wire.ts'

export type Hello = Extract<ServerMessage, { type: 'hello' }>
export type Snapshot = Extract<ServerMessage, { type: 'snapshot' }>

/** `refused`: the server does not let this page look. The page tries again only if it is asked. */
export type Status = 'connecting' | 'live' | 'offline' | 'full' | 'refused'

/** The samples of charts; the arrays grow in place. */
export interface Samples {
  times: number[]
  series: Record<SeriesName, Array<number | null>>
}

const MAX_SAMPLES = 600
const FIRST_DELAY_MS = 1000
const MAX_DELAY_MS = 15_000
const POLICY = 1008
const TRY_LATER = 1013
/** How long a notice is shown. */
const NOTICE_MS = 10_000

/** One connection after another. */
export class Live {
  status: Status = 'connecting'
  hello: Hello | null = null
  snapshot: Snapshot | null = null
  isPaused = false
  samples: Samples = emptySamples()
  view: View = FIRST_VIEW
  /** What the last action has led to. */
  notice = ''
  #noticeTimer: ReturnType<typeof setTimeout> | undefined
  #socket: WebSocket | null = null
  /** What has arrived while the page is paused, oldest first: the charts do not move. */
  #late: Snapshot[] = []
  #delayMs = FIRST_DELAY_MS
  readonly #changed: () => void

  constructor(changed: () => void) {
    this.#changed = changed
  }

  connect(): void {
    const url = new URL(location.href)
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
    url.search = ''
    url.hash = ''
    const socket = new WebSocket(url)
    this.#socket = socket
    if (this.status !== 'offline') this.#become('connecting')
    let hasOpened = false
    socket.onmessage = ({ data }) => {
      hasOpened = true
      // The server of this page sends nothing else.
      this.#receive(JSON.parse(String(data)) as ServerMessage)
    }
    socket.onclose = ({ code }) => void this.#ended(code, hasOpened)
  }

  show(change: Partial<View>): void {
    this.view = { ...this.view, ...change }
    this.#send({ type: 'view', ...this.view })
    this.#changed()
  }

  close(session: string): void {
    this.#notify(`Closing ${session}…`)
    this.#send({ type: 'close', session })
    this.#changed()
  }

  /** Removes the notice. */
  dismiss(): void {
    this.#notify('')
    this.#changed()
  }

  pause(): void {
    this.isPaused = !this.isPaused
    if (!this.isPaused) {
      for (const snapshot of this.#late) this.#show(snapshot)
      this.#late = []
    }
    this.#changed()
  }

  #send(message: PageMessage): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message))
  }

  #receive(message: ServerMessage): void {
    switch (message.type) {
      case 'hello':
        this.hello = message
        this.#delayMs = FIRST_DELAY_MS
        this.samples = samplesOf(message)
        this.#late = []
        this.#send({ type: 'view', ...this.view })
        this.#become('live')
        return
      case 'snapshot':
        if (!this.isPaused) this.#show(message)
        else this.#late = [...this.#late, message].slice(-MAX_SAMPLES)
        break
      case 'closing':
        this.#notify(
          message.found
            ? `Session ${message.session} is closing.`
            : `Session ${message.session} had ended before.`,
        )
        break
    }
    this.#changed()
  }

  #notify(notice: string): void {
    this.notice = notice
    clearTimeout(this.#noticeTimer)
    if (notice !== '') this.#noticeTimer = setTimeout(() => this.dismiss(), NOTICE_MS)
  }

  #show(snapshot: Snapshot): void {
    const { at, sample } = snapshot.facts
    this.snapshot = snapshot
    const { times, series } = this.samples
    times.push(at / 1000)
    const isFull = times.length > MAX_SAMPLES
    if (isFull) times.shift()
    for (const name of SERIES) {
      series[name].push(sample[name])
      if (isFull) series[name].shift()
    }
  }

  async #ended(code: number, hasOpened: boolean): Promise<void> {
    this.#socket = null
    if (code === POLICY) return this.#become('refused')
    const isRefused = !hasOpened && !(await mayLook())
    if (isRefused) return this.#become('refused')
    this.#become(code === TRY_LATER ? 'full' : 'offline')
    setTimeout(() => this.connect(), this.#delayMs * (0.75 + Math.random() / 2))
    this.#delayMs = Math.min(this.#delayMs * 2, MAX_DELAY_MS)
  }

  #become(status: Status): void {
    this.status = status
    this.#changed()
  }
}

/** A page cannot see why a socket was refused, but it can ask for itself. */
async function mayLook(): Promise<boolean> {
  try {
    const { status, redirected } = await fetch(location.pathname, { method: 'HEAD' })
    return !redirected && (status < 400 || status >= 500)
  } catch {
    return true // The server cannot be reached: that is no refusal.
  }
}

function samplesOf({ history }: Hello): Samples {
  const samples = emptySamples()
  samples.times = history.times.map((at) => at / 1000)
  for (const name of SERIES) samples.series[name] = [...history.series[name]]
  return samples
}

function emptySamples(): Samples {
  // The object has the names of SERIES and no others.
  const series = Object.fromEntries(SERIES.map((name) => [name, []])) as unknown
  return { times: [], series: series as Samples['series'] }
}
