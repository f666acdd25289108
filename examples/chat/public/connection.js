/**
 * A WebSocket that comes back: when the connection ends, it tries again, later each time and never
 * at the same moment as everyone else (exponential backoff with jitter).
 */

const FIRST_DELAY_MS = 500
const LONGEST_DELAY_MS = 15_000
/** A connection that lived this long was a good one: the next try is an early one again. */
const SETTLED_MS = 5_000

/**
 * The time to wait before try number `attempt` (from 0): between half of and the whole of a bound
 * that doubles each time. `random` is a number from 0 to 1.
 */
export function retryDelay(attempt, random) {
  const bound = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** attempt)
  return Math.round(bound * (0.5 + random / 2))
}

export class Connection {
  #url
  #events
  #socket = null
  #timer = null
  #attempt = 0
  #openedAt = 0
  #ended = false

  /**
   * Connects at once. `events` has:
   * - `opened()`: each time a connection is there;
   * - `received(text)`: for each text message;
   * - `changed(state, detail)`: `connecting`; `open`; `waiting` with `{ delayMs }`; `closed` with
   *   `{ code, reason }`, after which nothing more happens;
   * - `isFinal(code)`: whether a close with this code is an answer rather than an accident.
   */
  constructor(url, events) {
    this.#url = url
    this.#events = events
    this.#connect()
  }

  /** Sends text if the connection is there; answers whether it was. */
  send(text) {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false
    this.#socket.send(text)
    return true
  }

  /** Ends the waiting and tries now; nothing when it is connected or trying. */
  retryNow() {
    if (this.#timer === null) return
    clearTimeout(this.#timer)
    this.#timer = null
    this.#connect()
  }

  /** Says goodbye, for good; no event comes after this. */
  end() {
    this.#ended = true
    clearTimeout(this.#timer)
    this.#socket?.close(1000)
  }

  #connect() {
    this.#events.changed('connecting')
    const socket = new WebSocket(this.#url)
    this.#socket = socket
    socket.addEventListener('open', () => {
      if (this.#ended) return
      this.#openedAt = performance.now()
      this.#events.changed('open')
      this.#events.opened()
    })
    socket.addEventListener('message', ({ data }) => {
      if (!this.#ended && typeof data === 'string') this.#events.received(data)
    })
    socket.addEventListener('close', (event) => this.#closed(event))
  }

  #closed({ code, reason }) {
    if (this.#ended) return
    if (this.#events.isFinal(code)) {
      this.#ended = true
      this.#events.changed('closed', { code, reason })
      return
    }
    const wasGood = this.#openedAt > 0 && performance.now() - this.#openedAt >= SETTLED_MS
    this.#openedAt = 0
    if (wasGood) this.#attempt = 0
    const delayMs = retryDelay(this.#attempt, Math.random())
    this.#attempt += 1
    this.#timer = setTimeout(() => this.retryNow(), delayMs)
    this.#events.changed('waiting', { delayMs })
  }
}
