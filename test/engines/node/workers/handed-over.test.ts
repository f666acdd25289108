import { EventEmitter } from 'node:events'
import { expect, it } from 'vitest'

import { closeUndelivered } from '../../../../src/engines/node/workers/handed-over.ts'

/** A worker's process as its primary sees it. */
class FakeProcess extends EventEmitter {
  readonly sent: unknown[] = []

  send(...message: readonly unknown[]): boolean {
    this.sent.push(message)
    return true
  }
}

/** A connection that writes down whether it was closed. */
function connection() {
  const handle = { isClosed: false, close: () => void (handle.isClosed = true) }
  return handle
}

it.each(['disconnect', 'exit'])(
  'connections that a worker has not taken are closed at its %s',
  (event) => {
    const worker = new FakeProcess()
    closeUndelivered(worker)
    const [taken, refused, lost, shared] = [connection(), connection(), connection(), connection()]

    worker.send({ cmd: 'NODE_CLUSTER', act: 'newconn', key: 'a', seq: 1 }, taken)
    worker.send({ cmd: 'NODE_CLUSTER', act: 'newconn', key: 'a', seq: 2 }, refused)
    worker.send({ cmd: 'NODE_CLUSTER', act: 'newconn', key: 'a', seq: 3 }, lost)
    // The handle that listens, which the primary shares with all workers.
    worker.send({ cmd: 'NODE_CLUSTER', ack: 7, seq: 4 }, shared)
    worker.emit('internalMessage', { cmd: 'NODE_CLUSTER', ack: 1, accepted: true })
    worker.emit('internalMessage', { cmd: 'NODE_CLUSTER', ack: 2, accepted: false })
    worker.emit(event)

    const closed = [taken, refused, lost, shared].map(({ isClosed }) => isClosed)
    expect(closed).toEqual([false, false, true, false])
    expect(worker.sent).toHaveLength(4)
  },
)

it('messages of the program pass unchanged', () => {
  const worker = new FakeProcess()
  closeUndelivered(worker)
  const done = (): void => {}

  worker.send('hello', undefined, undefined, done)
  worker.send(null)
  worker.emit('internalMessage', null)
  worker.emit('disconnect')

  expect(worker.sent).toEqual([
    ['hello', undefined, undefined, done],
    [null, undefined],
  ])
})
