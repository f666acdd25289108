/**
 * Performs the steps of a case on a connection, and collects the answer.
 */

import type { Role } from '../../protocol/index.ts'
import type { Exchange, Step } from './check-case.ts'
import { type Answer, expectedOf } from './judge.ts'
import { AnswerReader } from './wire/answer-reader.ts'
import { GOODBYE, pieces } from './wire/frame-bytes.ts'
import type { ConnectionEnd, RawConnection } from './wire/raw-connection.ts'
import { isFrame, payloadPart, wire } from './wire/wire-frame.ts'

/** What an answer may have beside the strict one: pings, pongs, a reason. */
const SPARE_BYTES = 64 * 1024

/** Between so many pieces the event loop gets a turn. */
const PIECES_IN_TURN = 64

/** How a case is performed. */
export interface Conduct {
  /** The role of the peer under check. */
  readonly role: Role
  /** Whether each byte is written by itself. */
  readonly isSlow: boolean
  /** How long one answer is awaited, in milliseconds, before the case goes on. */
  readonly patience: number
}

/**
 * Performs all steps, answers a Close, and waits for the end of the connection.
 *
 * @param first bytes that have arrived before.
 */
export async function conduct(
  connection: RawConnection,
  exchange: Exchange,
  how: Conduct,
  first: Uint8Array = new Uint8Array(0),
): Promise<Answer> {
  const performance = new Performance(connection, exchange, how)
  performance.read(first)
  return performance.run()
}

class Performance {
  readonly #connection: RawConnection
  readonly #exchange: Exchange
  readonly #how: Conduct
  readonly #reader: AnswerReader
  /** What the strict answer has. */
  readonly #due: {
    readonly messages: number
    readonly pongs: number
    readonly isFailure: boolean
  }
  #sentMessages = 0
  #hasSentClose = false

  constructor(connection: RawConnection, exchange: Exchange, how: Conduct) {
    const { messages, pongs, failure } = expectedOf(exchange)
    this.#connection = connection
    this.#exchange = exchange
    this.#how = how
    this.#due = {
      messages: messages.length,
      pongs: pongs.length,
      isFailure: failure !== null,
    }
    const budget = exchange.gets.length * 2 + SPARE_BYTES
    this.#reader = new AnswerReader(how.role === 'client', budget)
    connection.reader = (bytes) => this.read(bytes)
  }

  read(bytes: Uint8Array): void {
    this.#reader.read(bytes)
    // It would go on for ever.
    if (this.#reader.problem !== null) this.#connection.destroy()
  }

  async run(): Promise<Answer> {
    const { sends, late = [] } = this.#exchange
    await this.#perform(sends)
    await this.#until(() => this.#reader.isClosed, late.length > 0 ? undefined : Infinity)
    const isLate = this.#isSilent && late.length > 0
    if (isLate) {
      await this.#perform(late)
      await this.#until(() => this.#reader.isClosed, Infinity)
    }
    await this.#finish()
    const { frames, problem, isInsideFrame } = this.#reader
    const end: ConnectionEnd = this.#connection.end
    this.#connection.destroy()
    return { frames, problem, isCut: isInsideFrame && end !== 'open', end, isLate }
  }

  /** Whether the peer has neither closed nor ended. */
  get #isSilent(): boolean {
    return this.#connection.end === 'open' && !this.#reader.isClosed
  }

  /** A peer that has closed gets a Close, and ends the connection if it is a server (§7.1.1). */
  async #finish(): Promise<void> {
    const { first, payload } = this.#reader.frames.find((each) => (each.first & 0x0f) === 8) ?? {}
    if (first !== undefined && payload !== undefined && !this.#hasSentClose) {
      const code = payload.length > 1 ? payload.subarray(0, 2) : new Uint8Array(0)
      await this.#write(wire(this.#how.role, { first, payload: code }))
    }
    if (!this.#isSilent) {
      if (this.#how.role === 'client') this.#connection.finish()
      await this.#connection.until(() => false, Infinity)
    }
    if (this.#connection.end !== 'open') this.#connection.finish()
  }

  async #perform(steps: readonly Step[]): Promise<void> {
    for (const step of steps) {
      if (this.#connection.end !== 'open' || this.#connection.isExpired) return
      await this.#step(step)
    }
  }

  async #step(step: Step): Promise<void> {
    const { role } = this.#how
    if (typeof step === 'string') return this.#write(Buffer.from(step.replaceAll(' ', ''), 'hex'))
    if (isFrame(step)) {
      // A peer that takes its time must not see a Close before it has refused what came before.
      if (step === GOODBYE && this.#due.isFailure) await this.#until(() => this.#reader.isClosed)
      return this.#frame(step.first, wire(role, step))
    }
    if ('bytes' in step) {
      if (step.size === undefined) return this.#write(step.bytes)
      return this.#writePieces(pieces(step.bytes, step.size))
    }
    if ('continues' in step) return this.#write(payloadPart(role, step.continues, step.at))
    if ('awaits' in step) return this.#until(() => this.#reader.frames.length >= step.awaits)
    if ('ends' in step) return this.#connection.finish()
    return undefined
  }

  /** Waits for an echo before it goes on, so that an answer never depends on a race. */
  async #frame(first: number, bytes: Uint8Array): Promise<void> {
    const isWaiting = this.#exchange.isAtOnce !== true
    const isClose = (first & 0x0f) === 8
    if (isClose && isWaiting) await this.#until(() => this.#hasAnswered)
    if (isClose) this.#hasSentClose = true
    await this.#write(bytes)
    if (first < 0x80 || (first & 0x0f) > 2) return
    this.#sentMessages++
    const expected = Math.min(this.#sentMessages, this.#due.messages)
    if (isWaiting) await this.#until(() => this.#reader.messageCount >= expected)
  }

  get #hasAnswered(): boolean {
    const { frames, messageCount } = this.#reader
    const pongs = frames.filter(({ first }) => (first & 0x0f) === 10)
    return messageCount >= this.#due.messages && pongs.length >= this.#due.pongs
  }

  /** Waits for the answer, the end, or a Close. */
  async #until(test: () => boolean, ms = this.#how.patience): Promise<void> {
    const isOver = (): boolean => test() || (this.#reader.isClosed && !this.#hasSentClose)
    await this.#connection.until(isOver, ms)
  }

  #write(bytes: Uint8Array): Promise<void> {
    if (this.#how.isSlow) return this.#writePieces(pieces(bytes, 1), 1)
    return this.#connection.write(bytes)
  }

  async #writePieces(parts: readonly Uint8Array[], perTurn = PIECES_IN_TURN): Promise<void> {
    let count = 0
    for (const part of parts) {
      if (this.#connection.end !== 'open' || this.#connection.isExpired) return
      await this.#connection.write(part)
      if (++count % perTurn === 0) await turn()
    }
  }
}

/** One turn of the event loop. */
function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}
