import { once } from 'node:events'
import { duplexPair } from 'node:stream'
import { describe, expect, it } from 'vitest'

import { WaitingSocket } from '../../../../src/engines/node/upgrades/waiting-socket.ts'
import { socketPair } from '../../../support/loopback.ts'

describe('WaitingSocket', () => {
  it('fires when the peer resets the connection, and lets no error escape', async () => {
    await using pair = await socketPair()
    const waiting = new WaitingSocket(pair.accepted)
    // As Node leaves it at an upgrade: it is read into its buffer, and nobody takes from there.
    pair.accepted.read(0)

    pair.connecting.resetAndDestroy()
    await once(waiting.signal, 'abort')

    expect(waiting.signal.aborted).toBe(true)
  })

  it('fires when the peer ends its side', async () => {
    await using pair = await socketPair()
    const waiting = new WaitingSocket(pair.accepted)
    pair.accepted.read(0)

    pair.connecting.end()

    await once(waiting.signal, 'abort')
  })

  it('has fired for a socket that is destroyed', async () => {
    await using pair = await socketPair()
    pair.accepted.destroy()

    expect(new WaitingSocket(pair.accepted).signal.aborted).toBe(true)
  })

  it('does not fire and takes nothing while bytes arrive', async () => {
    await using pair = await socketPair()
    const waiting = new WaitingSocket(pair.accepted)
    pair.accepted.read(0)
    await new Promise((resolve) => pair.connecting.write('early', resolve))
    await new Promise((resolve) => setImmediate(resolve))

    expect(waiting.signal.aborted).toBe(false)
    expect(waiting.isTaken).toBe(false)
  })

  it('isTaken says whether somebody wrote to a stream that is no socket', () => {
    const [stream] = duplexPair()
    const waiting = new WaitingSocket(stream)
    const before = waiting.isTaken

    stream.write('x')

    expect([before, waiting.isTaken]).toEqual([false, true])
  })

  it('release() takes every listener off', async () => {
    await using pair = await socketPair()
    const count = (): number =>
      ['error', 'end', 'close'].reduce((sum, event) => sum + pair.accepted.listenerCount(event), 0)
    const before = count()

    const waiting = new WaitingSocket(pair.accepted)
    const during = count()
    waiting.release()
    waiting.release()

    expect([during - before, count() - before]).toEqual([3, 0])
  })
})
