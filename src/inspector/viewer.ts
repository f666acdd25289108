/**
 * One page that is open: its session, what it shows, and whether it may still look.
 */

import type {
  ApplicationCall,
  DefaultWebSocketServerSession,
  WebSocketServerSession,
} from '../application/index.ts'
import { CloseReason, Frame } from '../protocol/index.ts'
import { operatorOf } from './authorization.ts'
import {
  FIRST_VIEW,
  MAX_ROWS,
  type PageMessage,
  readRequest,
  type ServerMessage,
  type View,
} from './wire.ts'

/** What a viewer needs. */
export interface ViewerParts {
  readonly actions: boolean
  /** Whether the call may still look. Never rejects. */
  mayLook(call: ApplicationCall): Promise<boolean>
  /** Writes to the log that `viewer` closed `session`. */
  closed(viewer: Viewer, session: WebSocketServerSession): void
}

/** How often a page that stays open is authorized again, in milliseconds. */
export const REVIEW_MS = 30_000

/** Sessions that the page was shown lately: a page of rows, and the one before it. */
const MAX_SHOWN = 2 * MAX_ROWS

const INVALID = new CloseReason(CloseReason.Codes.VIOLATED_POLICY, 'Invalid request')
const REVOKED = new CloseReason(CloseReason.Codes.VIOLATED_POLICY, 'Not authorized any longer')
const BY_OPERATOR = new CloseReason(CloseReason.Codes.GOING_AWAY, 'Closed by an operator')

/** One viewer. */
export class Viewer {
  readonly session: DefaultWebSocketServerSession
  readonly #parts: ViewerParts
  #view: View = FIRST_VIEW
  /** By id, in the order in which they were shown last. */
  readonly #shown = new Map<string, WebSocketServerSession>()

  constructor(session: DefaultWebSocketServerSession, parts: ViewerParts) {
    this.session = session
    this.#parts = parts
  }

  get view(): View {
    return this.#view
  }

  /** The name of the operator; `null` if `authorize` gave none. */
  get operator(): string | null {
    return operatorOf(this.session.call)
  }

  get remote(): string {
    return this.session.call.request.origin.remoteHost
  }

  /** Whether a message would be sent at once. A slow page gets the next one instead of a queue. */
  get isReady(): boolean {
    return this.session.bufferedAmount === 0
  }

  send(message: ServerMessage): void {
    this.sendText(JSON.stringify(message))
  }

  /** @param text a `ServerMessage` in JSON. */
  sendText(text: string): void {
    // A page that has gone is noticed by `run`.
    void this.session.send(text)
  }

  /** Remembers sessions that the page is shown: it may close these and no others. */
  shows(id: string, session: WebSocketServerSession): void {
    this.#shown.delete(id)
    this.#shown.set(id, session)
    if (this.#shown.size <= MAX_SHOWN) return
    const [oldest] = this.#shown.keys()
    if (oldest !== undefined) this.#shown.delete(oldest)
  }

  /** Serves the page until it goes, lies, or may not look any longer. */
  async run(): Promise<void> {
    const { session } = this
    void session.launch(() => this.#review())
    for await (const frame of session.incoming) {
      const request = frame instanceof Frame.Text ? readRequest(frame.readText()) : null
      if (request === null || !(await this.#serve(request))) {
        await session.close(INVALID)
        return
      }
    }
  }

  /** @returns `false` for a request that this page may not make. */
  async #serve(request: PageMessage): Promise<boolean> {
    if (request.type === 'view') {
      const { sort, order, route, text } = request
      this.#view = { sort, order, route, text }
      return true
    }
    if (!this.#parts.actions) return false
    if (await this.#mayLook()) this.#close(request.session)
    return true
  }

  #close(id: string): void {
    const target = this.#shown.get(id)
    this.send({ type: 'closing', session: id, found: target !== undefined })
    if (target === undefined) return
    this.#shown.delete(id)
    this.#parts.closed(this, target)
    void target.close(BY_OPERATOR)
  }

  async #review(): Promise<void> {
    const { delay, signal } = this.session
    while (!signal.aborted) {
      await delay(REVIEW_MS)
      await this.#mayLook()
    }
  }

  /** Asks again, and closes the session if the answer is no. */
  async #mayLook(): Promise<boolean> {
    const may = await this.#parts.mayLook(this.session.call)
    if (!may) void this.session.close(REVOKED)
    return may
  }
}
