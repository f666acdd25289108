import { describe, expect, it, vi } from 'vitest'

import { consoleLogger, type Logger } from '../../src/application/logger.ts'
import { Deferred } from '../../src/base/internal.ts'
import { EventMonitor } from '../../src/application/monitor.ts'
import { settled } from '../support/memory-world.ts'

interface Events {
  readonly opened: { readonly id: number }
  readonly closed: { readonly id: number }
}

function createMonitor() {
  const error = vi.fn<Logger['error']>()
  return { error, monitor: new EventMonitor<Events>({ ...consoleLogger, error }) }
}

describe('EventMonitor', () => {
  it('tells each listener of its event, in the order in which they came', () => {
    const { monitor } = createMonitor()
    const heard: string[] = []
    monitor.on('opened', ({ id }) => heard.push(`first ${id}`))
    monitor.on('opened', ({ id }) => heard.push(`second ${id}`))
    monitor.on('closed', ({ id }) => heard.push(`closed ${id}`))

    monitor.emit('opened', { id: 1 })

    expect(heard).toEqual(['first 1', 'second 1'])
  })

  it('ends a registration when it is disposed of, and no other', () => {
    const { monitor } = createMonitor()
    const listener = vi.fn<() => void>()
    const first = monitor.on('opened', listener)
    monitor.on('opened', listener)

    first[Symbol.dispose]()
    first[Symbol.dispose]()
    monitor.emit('opened', { id: 1 })

    expect(listener).toHaveBeenCalledTimes(1)
  })

  it('knows whether anybody listens', () => {
    const { monitor } = createMonitor()

    expect(monitor.hasListeners('opened')).toBe(false)
    const registration = monitor.on('opened', () => {})
    expect(monitor.hasListeners('opened')).toBe(true)
    expect(monitor.hasListeners('closed')).toBe(false)
    registration[Symbol.dispose]()
    expect(monitor.hasListeners('opened')).toBe(false)
  })

  it('reports a listener that throws, and tells the others all the same', () => {
    const { monitor, error } = createMonitor()
    const failure = new Error('no')
    const other = vi.fn<() => void>()
    monitor.on('opened', () => {
      throw failure
    })
    monitor.on('opened', other)

    monitor.emit('opened', { id: 1 })

    expect(other).toHaveBeenCalledTimes(1)
    expect(error.mock.calls).toEqual([
      [{ event: 'opened', err: failure }, 'Listener of the monitor failed'],
    ])
  })

  it('reports a listener whose promise rejects', async () => {
    const { monitor, error } = createMonitor()
    const failure = new Error('no')
    monitor.on('opened', () => Promise.reject(failure))

    monitor.emit('opened', { id: 1 })
    await settled()

    expect(error.mock.calls).toEqual([
      [{ event: 'opened', err: failure }, 'Listener of the monitor failed'],
    ])
  })

  it.each([
    [
      'a foreign thenable that rejects',
      // oxlint-disable-next-line unicorn/no-thenable -- the subject
      (no: Error) => ({ then: (_: unknown, f: (e: Error) => void) => f(no) }),
    ],
    [
      'an object whose getter throws',
      (no: Error) =>
        // oxlint-disable-next-line unicorn/no-thenable -- the subject
        Object.defineProperty({}, 'then', {
          get: () => {
            throw no
          },
        }),
    ],
  ])('reports a listener that returns %s', async (_what, make) => {
    const { monitor, error } = createMonitor()
    const failure = new Error('no')
    // Listeners of JavaScript may return anything.
    const listener: () => unknown = () => make(failure)
    monitor.on('opened', listener)

    monitor.emit('opened', { id: 1 })
    await settled()

    expect(error.mock.calls).toEqual([
      [{ event: 'opened', err: failure }, 'Listener of the monitor failed'],
    ])
  })

  it('emitAndWait() resolves when the promises of all listeners have settled', async () => {
    const { monitor, error } = createMonitor()
    const closing = new Deferred<void>()
    monitor.on('opened', () => closing.promise)
    monitor.on('opened', () => Promise.reject(new Error('no')))
    let isDone = false

    const waiting = monitor.emitAndWait('opened', { id: 1 }).then(() => (isDone = true))
    await settled()
    expect(isDone).toBe(false)
    closing.resolve()
    await waiting

    expect(error).toHaveBeenCalledTimes(1)
  })

  it('lets listeners come and go during an event', () => {
    const { monitor } = createMonitor()
    const late = vi.fn<() => void>()
    const registration = monitor.on('opened', () => {
      registration[Symbol.dispose]()
      monitor.on('opened', late)
    })

    monitor.emit('opened', { id: 1 })
    expect(late).not.toHaveBeenCalled()

    monitor.emit('opened', { id: 2 })
    expect(late).toHaveBeenCalledTimes(1)
  })

  it('refuses a listener that is not a function', () => {
    const { monitor } = createMonitor()

    // @ts-expect-error -- what JavaScript may do
    expect(() => monitor.on('opened', 'loud')).toThrow(
      new TypeError('Cannot listen to "opened": the listener is a string, expected a function'),
    )
  })

  it('publishes events for as long as somebody subscribes, with and without listeners', async () => {
    const { monitor } = createMonitor()
    const published: unknown[] = []
    let isSubscribed = false
    monitor.publishTo({
      hasSubscribers: () => isSubscribed,
      publish: (event, facts) => void published.push([event, facts]),
    })

    monitor.emit('opened', { id: 1 })
    const before = monitor.hasListeners('opened')
    isSubscribed = true
    monitor.emit('opened', { id: 2 })
    await monitor.emitAndWait('closed', { id: 3 })

    expect([before, monitor.hasListeners('opened')]).toEqual([false, true])
    expect(published).toEqual([
      ['opened', { id: 2 }],
      ['closed', { id: 3 }],
    ])
  })
})
