/**
 * Listeners of the browser's kind (`addEventListener`, `onmessage`) on a socket that is an emitter
 * of Node.
 */

import { asError } from '../base/internal.ts'
import type {
  WebSocketView,
  WebSocketViewEvent,
  WebSocketViewHandler,
  WebSocketViewListener,
} from './web-socket-view.ts'

type EventType = WebSocketViewEvent['type']
type EmitterListener = (...args: unknown[]) => void

/** Keeps the listeners of one socket, and makes their events. */
export class BrowserListeners {
  readonly #socket: WebSocketView
  readonly #wasClean: () => boolean
  readonly #handlers = new Map<EventType, NonNullable<WebSocketViewHandler>>()
  readonly #added = new Map<EventType, Map<WebSocketViewListener, EmitterListener>>()

  /** @param wasClean whether both Close frames were exchanged, for the event `close`. */
  constructor(socket: WebSocketView, wasClean: () => boolean) {
    this.#socket = socket
    this.#wasClean = wasClean
  }

  /** What `on…` holds. */
  handlerOf(type: EventType): WebSocketViewHandler {
    return this.#handlers.get(type) ?? null
  }

  /** Replaces what `on…` holds. Anything but a function removes it. */
  handle(type: EventType, handler: WebSocketViewHandler): void {
    const before = this.#handlers.get(type)
    if (before !== undefined) this.remove(type, before)
    this.#handlers.delete(type)
    if (typeof handler !== 'function') return
    this.#handlers.set(type, handler)
    this.add(type, handler, false)
  }

  /** A listener that is there already is not added again. */
  add(type: EventType, listener: WebSocketViewListener, isOnce: boolean): void {
    const ofType = this.#added.get(type) ?? new Map<WebSocketViewListener, EmitterListener>()
    this.#added.set(type, ofType)
    if (ofType.has(listener)) return
    const wrapper: EmitterListener = (...args) => {
      if (isOnce) this.remove(type, listener)
      const event = this.#eventOf(type, args)
      if (typeof listener === 'function') listener.call(this.#socket, event)
      else listener.handleEvent(event)
    }
    ofType.set(listener, wrapper)
    this.#socket.on(type, wrapper)
  }

  remove(type: EventType, listener: WebSocketViewListener): void {
    const wrapper = this.#added.get(type)?.get(listener)
    if (wrapper === undefined) return
    this.#added.get(type)?.delete(listener)
    this.#socket.off(type, wrapper)
  }

  #eventOf(type: EventType, [first, second]: readonly unknown[]): WebSocketViewEvent {
    const event = { type, target: this.#socket }
    if (type === 'message') {
      // The arguments of the emitter's event, which the socket has made: text is always a Buffer.
      const data = first as Buffer | ArrayBuffer
      return { ...event, data: second === true ? data : Buffer.from(data as Buffer).toString() }
    }
    if (type === 'error') {
      const error = asError(first, 'the socket')
      return { ...event, error, message: error.message }
    }
    if (type !== 'close') return event
    return { ...event, code: Number(first), reason: String(second), wasClean: this.#wasClean() }
  }
}
