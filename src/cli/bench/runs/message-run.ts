/**
 * Sends messages by a schedule, and checks what comes back: the modes `echo`, `fan` and `upload`.
 *
 * The schedule does not wait for answers. A message is late from the moment at which it should have
 * been sent, so that a server that stalls cannot hide the messages that it held up.
 */

import type { Clock } from '../../../base/index.ts'
import type { WebSocketClientSession } from '../../../client/index.ts'
import { Frame } from '../../../protocol/index.ts'
import type { BenchLoad } from '../bench-load.ts'
import { type BenchMessage, decodeMessage, encodeMessage } from '../bench-message.ts'
import { Histogram } from '../histogram.ts'
import { Timeline } from '../timeline.ts'
import { Draining, type LoadRun, MAX_WAITING, type RunCounts } from './load-run.ts'
import { runSchedule } from './schedule.ts'
import { Tally } from './tally.ts'

/** One run over connections that are open. */
export class MessageRun implements LoadRun {
  readonly errors: LoadRun['errors'] = {}
  readonly firstError = null
  readonly latency: Histogram = new Histogram()
  readonly timeline: Timeline
  readonly #sessions: readonly WebSocketClientSession[]
  readonly #load: BenchLoad
  readonly #clock: Clock
  readonly #run: number
  /** How many messages each connection has sent. */
  readonly #sentBy: number[]
  /** One tally for each receiver. */
  readonly #tallies: readonly Tally[]
  readonly #draining = new Draining()
  #sent = 0
  #unsent = 0
  #received = 0
  #corrupt = 0
  #waiting = 0
  #isOver = false

  /** @param run names this run in its messages: 0 to 2^32-1. */
  constructor(
    sessions: readonly WebSocketClientSession[],
    load: BenchLoad,
    clock: Clock,
    run: number,
  ) {
    this.#sessions = sessions
    this.#load = load
    this.#clock = clock
    this.#run = run
    this.#sentBy = sessions.map(() => 0)
    this.#tallies = sessions.map(() => new Tally())
    this.timeline = new Timeline(clock)
  }

  get counts(): RunCounts {
    const faults = this.#tallies.map((tally, index) => tally.faults(this.#expectedBy(index)))
    const sum = (name: 'lost' | 'duplicate' | 'reordered'): number =>
      faults.reduce((total, each) => total + each[name], 0)
    return {
      sent: this.#sent,
      unsent: this.#unsent,
      received: this.#received,
      lost: sum('lost'),
      duplicate: sum('duplicate'),
      reordered: sum('reordered'),
      corrupt: this.#corrupt,
      errors: 0,
    }
  }

  async run(signal: AbortSignal): Promise<void> {
    for (const [index, session] of this.#sessions.entries()) void this.#receive(session, index)
    const senders = this.#load.mode === 'fan' ? 1 : this.#sessions.length
    await runSchedule(this.#load, this.#clock, signal, (index, dueAt) => {
      this.#send(index % senders, dueAt)
    })
    this.#isOver = true
    this.#checkComplete()
    await this.#draining.wait(this.#clock, this.#load.drain, signal)
  }

  #send(connection: number, intendedAt: number): void {
    const session = this.#sessions[connection]
    if (session === undefined || session.signal.aborted || this.#waiting >= MAX_WAITING) {
      this.#unsent += 1
      return
    }
    const number = this.#sentBy[connection] ?? 0
    this.#sentBy[connection] = number + 1
    this.#sent += 1
    this.timeline.sent()
    const message: BenchMessage = { run: this.#run, connection, number, intendedAt }
    const bytes = encodeMessage(message, this.#load.size)
    this.#waiting += 1
    const sending = session.send(this.#load.isText ? Buffer.from(bytes).toString('base64') : bytes)
    void sending.then(
      () => this.#accepted(connection, message),
      () => (this.#waiting -= 1), // the connection has ended: the message is lost
    )
  }

  #accepted(connection: number, { intendedAt, number }: BenchMessage): void {
    this.#waiting -= 1
    if (this.#load.mode === 'upload') this.#take(connection, number, intendedAt)
  }

  async #receive({ incoming }: WebSocketClientSession, index: number): Promise<void> {
    try {
      for await (const frame of incoming) this.#check(frame, index)
    } catch {
      // The connection has failed: it counts as closed, and its messages as lost.
    }
  }

  #check(frame: Frame, index: number): void {
    const { mode } = this.#load
    // What a server sends by itself is no answer to an upload.
    if (mode === 'upload' || (mode === 'fan' && index === 0)) return
    const bytes =
      frame instanceof Frame.Text ? Buffer.from(frame.readText(), 'base64') : frame.buffer
    const message = decodeMessage(bytes)
    if (message === null || !this.#hasSent(message, mode === 'fan' ? 0 : index)) this.#corrupt += 1
    else this.#take(index, message.number, message.intendedAt)
  }

  /** A server that lies may write any number and time, with a correct checksum. */
  #hasSent({ connection, intendedAt, number, run }: BenchMessage, sender: number): boolean {
    if (run !== this.#run || connection !== sender) return false
    return number < (this.#sentBy[sender] ?? 0) && intendedAt <= this.#clock.now()
  }

  #take(index: number, number: number, intendedAt: number): void {
    if (this.#tallies[index]?.take(number) !== true) return
    this.#received += 1
    const latency = this.#clock.now() - intendedAt
    this.latency.record(latency)
    this.timeline.received(latency)
    this.#checkComplete()
  }

  #checkComplete(): void {
    if (!this.#isOver) return
    const receivers = this.#load.mode === 'fan' ? this.#sessions.length - 1 : 1
    if (this.#received >= this.#sent * receivers) this.#draining.complete()
  }

  /** How many messages a receiver should have got. */
  #expectedBy(index: number): number {
    if (this.#load.mode !== 'fan') return this.#sentBy[index] ?? 0
    return index === 0 ? 0 : (this.#sentBy[0] ?? 0)
  }
}
