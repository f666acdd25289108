/**
 * The plain TCP handle under a `net.Socket`: the one file that knows Node's internals.
 *
 * A socket of Node is a stream around a handle of libuv. The stream costs about as much for each small
 * message as `recv` and `send` together, and some 3 KiB for each connection (see `docs/benchmarks.md`). Here
 * the handle is taken out of its socket, and the socket is let go.
 *
 * None of this is documented by Node: it has been the same from Node 20 to 26, is looked for before it is
 * used (`findInternals`), and is tried out once by `tcp-self-test.ts`. Where either fails, sessions run on
 * streams, and nothing else changes.
 */

import { Socket } from 'node:net'

import { tuneSocket } from './stream-transport.ts'

/** The handle of libuv under a socket: what we use of Node's `TCPWrap`. Calls answer 0, or an error number below 0. */
export interface TcpHandle {
  onread: (this: TcpHandle, argument?: unknown) => void
  readonly writeQueueSize?: number
  readonly bytesWritten?: number
  useUserBuffer(buffer: Uint8Array): void
  readStart(): number
  readStop(): number
  writeBuffer(request: WriteRequest, bytes: Uint8Array): number
  writeLatin1String(request: WriteRequest, text: string): number
  shutdown(request: ShutdownRequest): number
  close(callback?: () => void): void
  reset(callback?: () => void): number
}

/** One write that the kernel did not take at once. */
export interface WriteRequest {
  oncomplete?: (this: WriteRequest, status: number) => void
  /** Keeps the memory alive while libuv refers to it. */
  buffer?: Uint8Array
}

/** One half-close. */
export interface ShutdownRequest {
  oncomplete?: (this: ShutdownRequest, status: number) => void
}

/** What is needed of Node beside the handle itself. */
export interface TcpInternals {
  readonly createWrite: () => WriteRequest
  readonly createShutdown: () => ShutdownRequest
  /** Inside `onread`: the bytes that were read, or an error number below 0. */
  readonly bytesRead: () => number
  /** Just after `writeBuffer`: whether the kernel left something over, so that the request goes on. */
  readonly wroteAsync: () => boolean
}

/** A handle that is ours alone. */
export interface TakenHandle {
  readonly handle: TcpHandle
  /** What the socket had read already. */
  readonly head: Uint8Array | null
  /** The server that counts it among its connections until `uncount`; `null` without one. */
  readonly server: CountingServer | null
}

/** What the binding of Node looks like where it is as we expect it. */
interface StreamWrapBinding {
  readonly WriteWrap: new () => WriteRequest
  readonly ShutdownWrap: new () => ShutdownRequest
  readonly streamBaseState: ArrayLike<number>
  readonly kReadBytesOrError: number
  readonly kLastWriteWasAsync: number
}

/** The parts of a server that its sockets use to be counted. */
export interface CountingServer {
  _connections: number
  _emitCloseIfDrained(): void
}

/** A socket, as far as we reach into it. */
interface OpenedSocket {
  _handle: TcpHandle | null
  /** `ended` is true from the peer's FIN on, which libuv tells only once. */
  readonly _readableState?: { readonly ended?: boolean }
  readonly _server?: CountingServer | null
}

const OWNER_NAME = 'owner_symbol'

const HANDLE_METHODS = [
  'useUserBuffer',
  'readStart',
  'readStop',
  'writeBuffer',
  'writeLatin1String',
  'shutdown',
  'close',
  'reset',
] as const

/** Looks for Node's internals. @returns `null` where they are not as expected. */
export function findInternals(): TcpInternals | null {
  const binding = streamWrapBinding()
  if (binding === null) return null
  const { WriteWrap, ShutdownWrap, streamBaseState, kReadBytesOrError, kLastWriteWasAsync } =
    binding
  return {
    createWrite: () => new WriteWrap(),
    createShutdown: () => new ShutdownWrap(),
    bytesRead: () => streamBaseState[kReadBytesOrError] ?? 0,
    wroteAsync: () => streamBaseState[kLastWriteWasAsync] !== 0,
  }
}

/**
 * Takes the handle out of `socket`, which is then destroyed as far as everybody else can see. If it was reading, it
 * still is: who takes it gives it an `onread` before this turn of the event loop is over.
 *
 * @returns `null`, with nothing changed, unless it is a plain TCP socket, connected, with nothing left to
 *   write, whose peer has not ended.
 */
export function takeHandle(socket: unknown): TakenHandle | null {
  if (!(socket instanceof Socket) || socket.constructor !== Socket) return null
  if (socket.connecting || socket.destroyed || socket.readableEnded) return null
  if (socket.writableLength > 0 || socket.writableEnded || !socket.readable) return null
  const opened = socket as unknown as OpenedSocket // the fields are looked at before they are used
  if (opened._readableState?.ended !== false) return null
  const handle = opened._handle
  if (handle === null || typeof handle !== 'object') return null
  if (HANDLE_METHODS.some((name) => typeof handle[name] !== 'function')) return null

  tuneSocket(socket)
  const head = takeBuffered(socket)
  const server = countingServer(opened)
  opened._handle = null
  disown(handle)
  // Without its handle the socket only takes itself off the server's count, and says 'close'.
  socket.destroy()
  if (server !== null) server._connections++
  return { handle, head, server }
}

/** Tells the server of a taken handle that the connection is gone. Called once for each. */
export function uncount(server: CountingServer | null): void {
  if (server === null) return
  server._connections--
  server._emitCloseIfDrained()
}

function streamWrapBinding(): StreamWrapBinding | null {
  const { binding } = process as unknown as { binding?: (name: string) => unknown } // asked below
  if (typeof binding !== 'function') return null
  try {
    const found = binding('stream_wrap') as Partial<StreamWrapBinding> // each field is checked here
    const complete =
      typeof found.WriteWrap === 'function' &&
      typeof found.ShutdownWrap === 'function' &&
      typeof found.kReadBytesOrError === 'number' &&
      typeof found.kLastWriteWasAsync === 'number' &&
      ArrayBuffer.isView(found.streamBaseState)
    return complete ? (found as StreamWrapBinding) : null
  } catch {
    return null // this runtime has no such binding, or does not let us have it
  }
}

function takeBuffered(socket: Socket): Uint8Array | null {
  // `read()` of a socket without an encoding gives a Buffer with all that is there, or null.
  const buffered = socket.readableLength === 0 ? null : (socket.read() as Buffer | null)
  return buffered
}

function countingServer(socket: OpenedSocket): CountingServer | null {
  const server = socket._server ?? null
  if (server === null) return null
  const counts =
    typeof server._connections === 'number' && typeof server._emitCloseIfDrained === 'function'
  return counts ? server : null
}

/** Where handles keep their sockets: a symbol of Node's, once it has been seen. */
let ownerSymbol: symbol | null = null

/** Without this the socket would stay in memory. */
function disown(handle: TcpHandle): void {
  ownerSymbol ??=
    Object.getOwnPropertySymbols(handle).find(({ description }) => description === OWNER_NAME) ??
    null
  if (ownerSymbol !== null) Reflect.set(handle, ownerSymbol, undefined)
}
