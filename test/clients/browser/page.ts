/**
 * What runs in the page of the tests in Chromium: small programs on `towpath/client`, each an
 * answer to one call from the test. What they return goes through the browser's debugging protocol,
 * so it is plain data.
 */

import {
  type BrowserClientOptions,
  ChannelOverflowError,
  type ClientSession,
  CloseReason,
  connect,
  type CloseInfo,
  ConnectError,
  Frame,
  openWebSocket,
  webSocket,
} from '../../../src/browser-client.ts'

/** The interface of the browser that a program runs over. */
export type Way = 'WebSocketStream' | 'WebSocket'

/** A `CloseInfo` as plain data; reasons as `[code, message]`. */
export interface PlainEnd {
  readonly reason: Reason
  readonly initiator: CloseInfo['initiator']
  readonly local: Reason | null
  readonly remote: Reason | null
  readonly clean: boolean
  /** The name of the error. */
  readonly cause: string | null
}
type Reason = readonly [code: number, message: string]

/** Such as `text 5 hello`; of long ones the beginning. */
function describeFrame(frame: unknown): string {
  if (frame instanceof Frame.Text) return `text ${frame.readText()}`
  if (frame instanceof Frame.Binary) return `binary ${[...frame.buffer].join(' ')}`
  return 'neither'
}

function plainReason(reason: CloseReason | null): Reason | null {
  return reason === null ? null : [reason.code, reason.message]
}

async function endOf(session: ClientSession): Promise<PlainEnd> {
  const { reason, initiator, local, remote, clean, cause } = await session.closed
  const begun = await session.closeReason
  if (!begun.equals(reason)) throw new Error('closeReason and closed disagree')
  return {
    reason: [reason.code, reason.message],
    initiator,
    local: plainReason(local),
    remote: plainReason(remote),
    clean,
    cause: cause === null ? null : cause.name,
  }
}

async function nameOfFailure(act: () => unknown): Promise<string> {
  try {
    await act()
    return 'none'
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  }
}

/** Resolves after the page has had time for something else. */
function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

function optionsFor(way: Way): BrowserClientOptions {
  return { webSocketStream: way === 'WebSocketStream' }
}

const page = {
  /** Whether the browser has what the test is about. */
  hasStream: (): boolean => 'WebSocketStream' in globalThis,

  /**
   * Sends text and bytes of each size at once, and says which did not come back, or not in their
   * order.
   */
  async echo(url: string, way: Way, sizes: readonly number[]): Promise<number[]> {
    const wrong: number[] = []
    await webSocket(url, optionsFor(way), async ({ incoming, send, launch }) => {
      const text = (size: number): string => 'aé€😀'.repeat(size / 10) + 'x'.repeat(size % 10)
      const bytes = (size: number): Uint8Array =>
        Uint8Array.from({ length: size }, (_, index) => (index * 31) & 0xff)
      void launch(async () => {
        for (const size of sizes) {
          await send(text(size))
          await send(new Frame.Binary(bytes(size)))
        }
      })
      for (const size of sizes) {
        const first = await incoming.receive()
        const second = await incoming.receive()
        const isSame =
          first instanceof Frame.Text &&
          first.readText() === text(size) &&
          second instanceof Frame.Binary &&
          second.buffer.every((byte, index) => byte === ((index * 31) & 0xff)) &&
          second.buffer.length === size
        if (!isSame) wrong.push(size)
      }
    })
    return wrong
  },

  /**
   * Reads to the end, beginning only when all is over.
   *
   * @param maxUnread see `BrowserClientOptions`.
   */
  async readAll(
    url: string,
    way: Way,
    maxUnread: number = 1024 * 1024,
  ): Promise<{ frames: string[]; end: PlainEnd; after: string }> {
    const session = await openWebSocket(url, { ...optionsFor(way), maxUnread })
    await session.closed
    const frames: string[] = []
    await nameOfFailure(async () => {
      for await (const frame of session.incoming) frames.push(describeFrame(frame))
    })
    const after = await nameOfFailure(() => session.incoming.receive())
    return { frames, end: await endOf(session), after }
  },

  /** Closes as it is told. */
  async closeWith(url: string, way: Way, reason: Reason | null): Promise<PlainEnd> {
    const session = await openWebSocket(url, optionsFor(way))
    await session.close(...(reason === null ? [] : [new CloseReason(...reason)]))
    return endOf(session)
  },

  /** What `close` says to codes that a browser refuses; then what sending says after the end. */
  async misuse(url: string, way: Way): Promise<string[]> {
    const session = await openWebSocket(url, optionsFor(way))
    const said = [
      await nameOfFailure(() => session.close(new CloseReason(1001))),
      await nameOfFailure(() => session.close(new CloseReason(1011))),
      await nameOfFailure(() => session.send(new Frame.Text('part', { fin: false }))),
      // @ts-expect-error what no session sends
      await nameOfFailure(() => session.send(5)),
    ]
    await session.close()
    said.push(await nameOfFailure(() => session.send('late')))
    await session.closed
    said.push(await nameOfFailure(() => session.launch(() => 1)))
    return said
  },

  /** Opens, and says how. */
  async open(url: string, way: Way, options: BrowserClientOptions): Promise<string> {
    try {
      const session = await openWebSocket(url, { ...optionsFor(way), ...options })
      const { protocol } = session
      await session.close()
      return `${session.url} ${protocol}`
    } catch (error) {
      if (!(error instanceof Error)) return String(error)
      const step = error instanceof ConnectError ? ` at ${error.step}` : ''
      return `${error.name}${step}: ${error.message}`
    }
  },

  /** A server that never answers, and patience that ends: by the timeout, by the signal. */
  async giveUp(url: string, way: Way): Promise<string[]> {
    const controller = new AbortController()
    const reason = new Error('the user has left')
    const waiting = openWebSocket(url, { ...optionsFor(way), signal: controller.signal })
    controller.abort(reason)
    const { signal } = controller
    return [
      await nameOfFailure(() =>
        openWebSocket(url, { ...optionsFor(way), connectTimeout: { milliseconds: 50 } }),
      ),
      await nameOfFailure(() => waiting),
      await nameOfFailure(() => openWebSocket(url, { ...optionsFor(way), signal })),
    ]
  },

  /** A block that returns, one that throws, one whose task throws, one that is aborted. */
  async blocks(url: string, way: Way): Promise<string[]> {
    const controller = new AbortController()
    const options = optionsFor(way)
    return [
      await webSocket(url, options, ({ send }) => send('returns').then(() => 'value')),
      await nameOfFailure(() =>
        webSocket(url, options, async ({ send }) => {
          await send('throws')
          throw new Error('of the block')
        }),
      ),
      await nameOfFailure(() =>
        webSocket(url, options, async ({ send, launch, incoming }) => {
          await send('task')
          void launch(() => Promise.reject(new Error('of the task')))
          await incoming.receive()
        }),
      ),
      await nameOfFailure(() =>
        webSocket(url, { ...options, signal: controller.signal }, async ({ send, incoming }) => {
          await send('aborted')
          controller.abort(new Error('of the signal'))
          for await (const _ of incoming);
        }),
      ),
    ]
  },

  /**
   * Reads slowly and tells the server after each message; says how many came, and how it ended.
   *
   * @param maxUnread see `BrowserClientOptions`.
   */
  async readSlowly(
    url: string,
    way: Way,
    maxUnread: number,
  ): Promise<{ count: number; failure: string; end: PlainEnd }> {
    const session = await openWebSocket(url, { ...optionsFor(way), maxUnread })
    let count = 0
    const failure = await nameOfFailure(async () => {
      for await (const frame of session.incoming) {
        count += frame instanceof Frame.Binary ? 1 : 0
        await session.send(String(count)).catch(() => {})
        await pause(1)
      }
    })
    return { count, failure, end: await endOf(session) }
  },

  /** Floods the server; says the most that was buffered at any time, and how it ended. */
  async flood(
    url: string,
    way: Way,
    count: number,
    size: number,
  ): Promise<{ most: number; end: PlainEnd }> {
    const session = await openWebSocket(url, {
      ...optionsFor(way),
      channels: { outgoing: { maxBytes: 1024 * 1024 } },
    })
    const bytes = new Uint8Array(size)
    let most = 0
    for (let sent = 0; sent < count; sent++) {
      await session.send(bytes)
      most = Math.max(most, session.bufferedAmount)
    }
    await session.close()
    return { most, end: await endOf(session) }
  },

  /** Whether a frame that does not fit closes the session, under the policy `close`. */
  async overflow(url: string, way: Way): Promise<{ isOverflow: boolean; end: PlainEnd }> {
    const session = await openWebSocket(url, {
      ...optionsFor(way),
      channels: { incoming: { capacity: 2, onOverflow: 'close' } },
    })
    const end = await endOf(session)
    let isOverflow = false
    try {
      for await (const _ of session.incoming);
    } catch (error) {
      isOverflow = error instanceof ChannelOverflowError
    }
    return { isOverflow, end }
  },

  /** Reads the first message of so many sessions of a connection that comes back. */
  async comeBack(url: string, way: Way, sessions: number): Promise<string[]> {
    await using connection = connect(url, { ...optionsFor(way), reconnect: { baseDelay: 10 } })
    const frames: string[] = []
    while (frames.length < sessions) frames.push(describeFrame(await connection.incoming.receive()))
    frames.push(connection.state.type)
    return frames
  },
}

/** What the test calls. */
export type Page = typeof page

Object.assign(globalThis, { page })
