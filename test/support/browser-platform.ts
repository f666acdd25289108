/**
 * A browser in memory: `WebSocket` and `WebSocketStream` as their standards describe them, over the
 * production client on the memory engine, so that what they talk to is a server.
 */

import { CloseReason, Frame } from '../../src/index.ts'
import type { WebSocketClientSession } from '../../src/client/index.ts'
import type {
  Platform,
  PlatformCloseEvent,
  PlatformConnection,
  PlatformSocket,
  PlatformStream,
} from '../../src/engines/browser/platform.ts'
import type { TestApplication } from '../../src/testing/index.ts'

const PAGE = 'http://localhost/'
const TOKEN = /^[!#$%&'*+\-.^`|~\w]+$/

/** A browser whose pages talk to the application of `t`, in its time. */
export function browserPlatform(
  t: TestApplication,
  {
    hasStream,
    page = new EventTarget(),
  }: { readonly hasStream: boolean; readonly page?: EventTarget },
): Platform {
  class WebSocket extends MemorySocket {
    constructor(url: string, protocols: string[]) {
      super(t, url, protocols)
    }
  }
  class WebSocketStream extends MemoryStream {
    constructor(url: string, options: { readonly protocols: string[] }) {
      super(t, url, options.protocols)
    }
  }
  return {
    clock: t.clock,
    page,
    WebSocket,
    WebSocketStream: hasStream ? WebSocketStream : undefined,
  }
}

/**
 * What both interfaces share: the reading of arguments, a connection, and what is known of its end.
 */
class Connection {
  readonly url: string
  readonly session: Promise<WebSocketClientSession>
  readonly #abort = new AbortController()

  constructor(t: TestApplication, url: string, protocols: string[]) {
    this.url = readUrl(url)
    if (
      new Set(protocols).size < protocols.length ||
      !protocols.every((name) => TOKEN.test(name))
    ) {
      throw new DOMException('The subprotocols are invalid.', 'SyntaxError')
    }
    this.session = t.client
      .openWebSocket(this.url, {
        protocols,
        signal: this.#abort.signal,
        connectTimeout: null,
        handshakeTimeout: null,
      })
      .then((session) => {
        // A browser fails the connection when it has asked and was given none.
        if (protocols.length === 0 || session.protocol !== null) return session
        session.terminate()
        throw new Error('no subprotocol')
      })
  }

  giveUp(): void {
    this.#abort.abort()
  }
}

class MemorySocket implements PlatformSocket {
  binaryType = 'blob'
  readyState = 0
  protocol = ''
  onopen: PlatformSocket['onopen'] = null
  onmessage: PlatformSocket['onmessage'] = null
  onclose: PlatformSocket['onclose'] = null
  readonly #connection: Connection
  #session: WebSocketClientSession | null = null

  constructor(t: TestApplication, url: string, protocols: string[]) {
    this.#connection = new Connection(t, url, protocols)
    void this.#run()
  }

  get url(): string {
    return this.#connection.url
  }

  get bufferedAmount(): number {
    return this.#session?.bufferedAmount ?? 0
  }

  send(data: string | Uint8Array): void {
    if (this.readyState === 0) throw new DOMException('Still connecting.', 'InvalidStateError')
    if (this.readyState > 1) return
    // What is sent is copied in the call.
    const own = typeof data === 'string' ? data : data.slice()
    this.#session?.send(own).catch(() => {})
  }

  close(code: number = 1000, reason: string = ''): void {
    requireCode(code, reason)
    if (this.readyState > 1) return
    const wasOpen = this.readyState === 1
    this.readyState = 2
    if (wasOpen) void this.#session?.close(new CloseReason(code, reason))
    else this.#connection.giveUp()
  }

  async #run(): Promise<void> {
    try {
      const session = await this.#connection.session
      this.#session = session
      this.protocol = session.protocol ?? ''
      this.readyState = 1
      this.onopen?.()
      void session.closeReason.then(() => (this.readyState = Math.max(this.readyState, 2)))
      for await (const frame of session.incoming) this.onmessage?.({ data: this.#dataOf(frame) })
      this.#ended(eventOf(await session.closed))
    } catch {
      this.#ended({ code: 1006, reason: '', wasClean: false })
    }
  }

  #ended(event: PlatformCloseEvent): void {
    this.readyState = 3
    this.onclose?.(event)
  }

  #dataOf(frame: Frame): unknown {
    if (frame instanceof Frame.Text) return frame.readText()
    return this.binaryType === 'arraybuffer' ? frame.buffer.slice().buffer : new Blob([])
  }
}

class MemoryStream implements PlatformStream {
  readonly url: string
  readonly opened: Promise<PlatformConnection>
  readonly closed: PlatformStream['closed']
  readonly #connection: Connection
  #session: WebSocketClientSession | null = null
  #isHeldBack = false

  constructor(t: TestApplication, url: string, protocols: string[]) {
    this.#connection = new Connection(t, url, protocols)
    this.url = this.#connection.url
    this.opened = this.#connection.session.then((session) => this.#open(session))
    this.closed = this.opened.then(async () => {
      const { code, reason, wasClean } = eventOf(await this.#closedSession())
      if (wasClean) return { closeCode: code, reason }
      throw Object.assign(new DOMException('Closed.', 'WebSocketError'), {
        closeCode: code,
        reason,
      })
    })
  }

  close({ closeCode, reason }: { readonly closeCode: number; readonly reason: string }): void {
    requireCode(closeCode, reason)
    if (this.#session === null) this.#connection.giveUp()
    else void this.#session.close(new CloseReason(closeCode, reason))
  }

  #open(session: WebSocketClientSession): PlatformConnection {
    this.#session = session
    const { incoming } = session
    const readable = new ReadableStream<string | ArrayBuffer>(
      {
        pull: async (controller) => {
          this.#isHeldBack = false
          const result = await incoming.receiveCatching()
          if (result.type === 'closed') {
            const { clean } = await session.closed
            if (clean) controller.close()
            else controller.error(new DOMException('Closed.', 'WebSocketError'))
            return
          }
          const { value: frame } = result
          // As Chromium does it; the standard says bytes.
          controller.enqueue(
            frame instanceof Frame.Text ? frame.readText() : new Uint8Array(frame.buffer).buffer,
          )
          // Unless it is asked for more at once.
          this.#isHeldBack = true
        },
      },
      { highWaterMark: 0 },
    )
    const writable = new WritableStream<string | Uint8Array>({
      write: (data) => session.send(data).catch(() => {}),
    })
    return { readable, writable, protocol: session.protocol ?? '' }
  }

  /** Chromium drops what has come and is held back when the connection closes. */
  async #closedSession(): Promise<Awaited<WebSocketClientSession['closed']>> {
    const session = await this.#connection.session
    const info = await session.closed
    await new Promise(setImmediate)
    if (this.#isHeldBack) session.incoming.cancel()
    return info
  }
}

function eventOf(info: Awaited<WebSocketClientSession['closed']>): PlatformCloseEvent {
  const { remote, clean } = info
  return { code: remote?.code ?? 1006, reason: remote?.message ?? '', wasClean: clean }
}

/**
 * As the standard reads it: relative to the page, `http` for `ws`, no other scheme, no fragment.
 */
function readUrl(given: string): string {
  if (!URL.canParse(given, PAGE)) throw new DOMException('The URL is invalid.', 'SyntaxError')
  const url = new URL(given, PAGE)
  url.protocol = url.protocol.replace('http', 'ws')
  const isSocket = url.protocol === 'ws:' || url.protocol === 'wss:'
  if (isSocket && !url.href.includes('#')) return url.href
  throw new DOMException('The URL is not one of a WebSocket.', 'SyntaxError')
}

function requireCode(code: number, reason: string): void {
  if (code !== 1000 && (code < 3000 || code > 4999)) {
    throw new DOMException(`The code ${code} is not allowed.`, 'InvalidAccessError')
  }
  if (new TextEncoder().encode(reason).length > 123) {
    throw new DOMException('The reason is too long.', 'SyntaxError')
  }
}
