/**
 * The connections that are on their way to a worker.
 *
 * The primary of `node:cluster` keeps its copy of a connection until the worker says that it has
 * taken the connection. If the worker ends before, Node forgets the copy without closing it. The
 * client would wait for an answer for ever, and the primary would lose a file descriptor.
 */

/** The members of a worker's `ChildProcess` that are used. */
export interface ReceivingProcess {
  send?(message: unknown, handle?: unknown, ...rest: readonly unknown[]): boolean
  on(event: 'internalMessage', listener: (message: unknown) => void): unknown
  once(event: 'disconnect' | 'exit', listener: () => void): unknown
}

interface Closable {
  close(): void
}

/**
 * Closes the connections that were sent to `worker` and not taken when its channel or its process
 * ends. A worker that has taken one without saying so keeps it: the worker has a file descriptor of
 * its own.
 */
export function closeUndelivered(worker: ReceivingProcess): void {
  const send = worker.send?.bind(worker)
  if (send === undefined) return
  /** By the number of the message. */
  const underWay = new Map<unknown, Closable>()
  worker.send = (message, handle, ...rest) => {
    if (isConnection(message) && isClosable(handle)) underWay.set(message.seq, handle)
    return send(message, handle, ...rest)
  }
  worker.on('internalMessage', (message) => {
    if (isObject(message) && 'ack' in message) underWay.delete(message.ack)
  })
  const closeAll = (): void => {
    for (const handle of underWay.values()) handle.close()
    underWay.clear()
  }
  worker.once('disconnect', closeAll)
  // Node does not emit `disconnect` for a worker that is killed with a connection under way.
  worker.once('exit', closeAll)
}

/** Whether Node's primary sends a connection with `message`: Node does not document its form. */
function isConnection(message: unknown): message is { readonly seq: unknown } {
  return isObject(message) && 'seq' in message && 'act' in message && message.act === 'newconn'
}

function isClosable(handle: unknown): handle is Closable {
  return isObject(handle) && 'close' in handle && typeof handle.close === 'function'
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
