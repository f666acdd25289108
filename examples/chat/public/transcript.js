/**
 * What this page knows of a room's conversation, across connections: which messages it has, and which
 * of its own it has not seen come back. No screen and no socket in here.
 *
 * The server numbers messages from 1 within an *epoch*, and answers each new connection with the last
 * of them. Numbers tell what is new; the epoch tells that the server began anew. Each own message has
 * a `ref`, so that it may be sent again after a break and is said once all the same.
 */

/** More than this is not kept for later while there is no connection. */
export const MAX_UNCONFIRMED = 20

export class Transcript {
  #epoch = null
  #lastId = 0
  #unconfirmed = new Map()

  /**
   * Takes the history of a new connection; answers what there is to show:
   * `fresh`, the messages not seen before, oldest first; `restarted`, whether the server has
   * forgotten what came before; `missed`, how many messages are lost between the last one and these.
   */
  welcome({ epoch, history }) {
    const restarted = this.#epoch !== null && this.#epoch !== epoch
    if (this.#epoch !== epoch) {
      this.#epoch = epoch
      this.#lastId = 0
    }
    const last = this.#lastId
    const fresh = history.filter((message) => this.said(message))
    const missed = last > 0 && fresh.length > 0 ? fresh[0].id - last - 1 : 0
    return { fresh, restarted, missed }
  }

  /** Takes one message; answers whether it is a new one. */
  said({ id, ref }) {
    this.#unconfirmed.delete(ref)
    if (id <= this.#lastId) return false
    this.#lastId = id
    return true
  }

  /** Keeps an own message until it has come back; `null` when too many wait already. */
  keep(ref, text) {
    if (this.#unconfirmed.size >= MAX_UNCONFIRMED) return null
    const message = { type: 'say', ref, text }
    this.#unconfirmed.set(ref, message)
    return message
  }

  /** Own messages that have not come back, in the order in which they were written. */
  get unconfirmed() {
    return [...this.#unconfirmed.values()]
  }
}
