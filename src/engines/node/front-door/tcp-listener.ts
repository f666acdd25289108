/**
 * The listening handle under a `net.Server`: the one file that knows how Node accepts a connection.
 *
 * Node makes a `net.Socket` for each connection, and `node:http` a parser. An upgrade needs
 * neither. This file replaces the callback of the listening handle, so that connections arrive as
 * bare handles. A connection without an upgrade is given back. Node then treats it as just
 * accepted, and reads the bytes again that were read from it.
 *
 * Node does not document this. It is looked for before it is used, and `front-door-self-test.ts`
 * tries it once. If either fails, Node accepts connections as usual.
 */

import type { Server, Socket } from 'node:net'

import type { AddressedHandle } from '../transports/connection-facts.ts'
import type { CountingServer, TcpHandle } from '../transports/tcp-handle.ts'

/** A connection that has just been accepted: `TcpHandle`, and what only its beginning needs. */
export interface AcceptedHandle extends TcpHandle, AddressedHandle, SocketOptions {}

/** Calls answer 0, or an error number below 0. */
interface SocketOptions {
  setNoDelay(on: boolean): number
  setKeepAlive(on: boolean, delaySeconds: number): number
}

/** The handle that listens. In a worker of `node:cluster` it may have only this method. */
interface ListeningHandle extends Partial<SocketOptions> {
  onconnection: (this: ListeningHandle, status: number, handle?: AcceptedHandle) => void
}

const ACCEPTED_METHODS = [
  'setNoDelay',
  'setKeepAlive',
  'getpeername',
  'getsockname',
  'useUserBuffer',
  'readStart',
  'readStop',
  'writeBuffer',
  'writeLatin1String',
  'shutdown',
  'close',
  'reset',
] as const

/** What Node's own `onread` reads beside its argument. */
interface ReadBinding {
  readonly streamBaseState: ArrayLike<number> & { [index: number]: number }
  readonly kReadBytesOrError: number
  readonly kArrayBufferOffset: number
}

/** The connections of one server, accepted here. */
export interface Listener {
  /** Counts the connections that are kept; Node waits for them when the server closes. */
  readonly counter: CountingServer

  /**
   * Gives a connection back to Node, which then does as if it had just accepted it.
   *
   * @param read what has been read from it, to be read again; memory of its own.
   */
  giveBack(handle: AcceptedHandle, read: Uint8Array): void

  /** Lets Node accept a connection, as if it had just arrived. */
  accept(handle: AcceptedHandle): void

  /**
   * Lets Node read from a handle of TCP or TLS that was given the shared buffer. Called when Node
   * has its `onread` there.
   */
  readForNode(handle: Pick<TcpHandle, 'onread'>): void

  /** From here on Node accepts. */
  stop(): void
}

/**
 * Takes over what `server`, which listens, accepts.
 *
 * @param buffer what handles read into; shared by all of them.
 * @param accepted gets a handle that does not read yet, and calls `listenTo`.
 * @returns `null`, with nothing changed, where Node is not as expected.
 */
export function listenOnHandle(
  server: Server,
  buffer: Uint8Array,
  accepted: (handle: AcceptedHandle) => void,
): Listener | null {
  const listening = listeningHandle(server)
  const counter = countingServer(server)
  const binding = readBinding()
  if (listening === null || counter === null || binding === null) return null
  const accept = listening.onconnection
  const inherits = setInheritedOptions(listening)

  const listener: Listener = {
    counter,
    giveBack(handle, read) {
      const putBack = (socket: Socket): void => {
        if (read.length > 0) socket.unshift(read)
      }
      server.prependOnceListener('connection', putBack)
      listener.accept(handle)
      server.off('connection', putBack)
      listener.readForNode(handle)
    },
    accept: (handle) => accept.call(listening, 0, handle),
    readForNode: (handle) => readForNode(handle, buffer, binding),
    stop: () => void (listening.onconnection = accept),
  }
  listening.onconnection = (status, handle) => {
    if (status !== 0 || handle === undefined || !isComplete(handle)) {
      accept.call(listening, status, handle)
      return
    }
    if (!inherits) setOptions(handle)
    accepted(handle)
  }
  return listener
}

/** Time without traffic after which the kernel begins to probe the peer, in seconds. */
const KEEP_ALIVE_DELAY_S = 30

function setOptions(handle: SocketOptions): void {
  handle.setNoDelay(true)
  handle.setKeepAlive(true, KEEP_ALIVE_DELAY_S)
}

/**
 * Sets the options on the listening socket: on Linux, connections inherit them. That saves five
 * system calls for each connection.
 *
 * @returns whether connections inherit the options.
 */
function setInheritedOptions(listening: ListeningHandle): boolean {
  if (process.platform !== 'linux') return false
  const { setNoDelay, setKeepAlive } = listening
  if (typeof setNoDelay !== 'function' || typeof setKeepAlive !== 'function') return false
  return (
    setNoDelay.call(listening, true) === 0 &&
    setKeepAlive.call(listening, true, KEEP_ALIVE_DELAY_S) === 0
  )
}

/**
 * Node's `onread` expects memory of its own for each read; a handle that has been given `buffer`
 * keeps reading into that. So each read is copied out before Node sees it. While a parser of Node
 * reads from the handle, which is nearly always, this is not called.
 */
function readForNode(
  handle: Pick<TcpHandle, 'onread'>,
  buffer: Uint8Array,
  binding: ReadBinding,
): void {
  const { streamBaseState, kReadBytesOrError, kArrayBufferOffset } = binding
  const nodeOnRead = handle.onread
  handle.onread = function (this: TcpHandle, argument?: unknown) {
    const count = streamBaseState[kReadBytesOrError] ?? 0
    if (count <= 0 || argument !== undefined) {
      nodeOnRead.call(this, argument)
      return
    }
    const copy = new Uint8Array(count)
    copy.set(buffer.subarray(0, count))
    streamBaseState[kArrayBufferOffset] = 0
    nodeOnRead.call(this, copy.buffer)
  }
}

function listeningHandle(server: Server): ListeningHandle | null {
  const handle = (server as unknown as { _handle?: Partial<ListeningHandle> | null })._handle
  // The cast adds fields that are looked at before they are used.
  if (handle === null || handle === undefined) return null
  return typeof handle.onconnection === 'function' ? (handle as ListeningHandle) : null
}

function countingServer(server: Server): CountingServer | null {
  const counter = server as unknown as Partial<CountingServer> // looked at by the next lines
  const counts =
    typeof counter._connections === 'number' && typeof counter._emitCloseIfDrained === 'function'
  return counts ? (counter as CountingServer) : null
}

/** The prototype of the last handle that was found complete: all TCP handles share one. */
let completePrototype: unknown = null

function isComplete(handle: AcceptedHandle): boolean {
  const prototype: unknown = Object.getPrototypeOf(handle)
  if (prototype === completePrototype) return true
  if (!ACCEPTED_METHODS.every((name) => typeof handle[name] === 'function')) return false
  completePrototype = prototype
  return true
}

function readBinding(): ReadBinding | null {
  const { binding } = process as unknown as { binding?: (name: string) => unknown } // asked below
  if (typeof binding !== 'function') return null
  try {
    const found = binding('stream_wrap') as Partial<ReadBinding> // each field is checked here
    const complete =
      typeof found.kReadBytesOrError === 'number' &&
      typeof found.kArrayBufferOffset === 'number' &&
      ArrayBuffer.isView(found.streamBaseState)
    return complete ? (found as ReadBinding) : null
  } catch {
    return null // this runtime has no such binding, or does not let us have it
  }
}
