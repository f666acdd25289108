import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { describe, expect, it, onTestFinished } from 'vitest'

import type { ApplicationEvents } from '../../../src/application/index.ts'
import type { EventMonitor } from '../../../src/application/internal.ts'
import { publishDiagnostics } from '../../../src/engines/node/diagnostics.ts'
import { settled } from '../../support/memory-world.ts'
import { World } from '../../application/upgrade-client.ts'

/** Records the messages of a channel until the test is over. */
function record(name: string): unknown[] {
  const messages: unknown[] = []
  listen(name, (message) => void messages.push(message))
  return messages
}

function listen(name: string, listener: (message: unknown) => void): void {
  subscribe(name, listener)
  onTestFinished(() => void unsubscribe(name, listener))
}

function serving(): World {
  const world = new World().install()
  world.app.routing((route) => {
    route.webSocket('/', ({ incoming }) => incoming.consumeEach(() => {}))
    route.webSocket('/broken', () => {
      throw new Error('on purpose')
    })
  })
  publishDiagnostics(world.app)
  publishDiagnostics(world.app)
  return world
}

describe('publishDiagnostics()', () => {
  it('publishes the facts of the monitor, once', async () => {
    const opened = record('towpath:session:opened')
    const closed = record('towpath:session:closed')
    const refused = record('towpath:upgrade:refused')
    const failed = record('towpath:handler:failed')
    const stopping = record('towpath:application:stopping')
    const stopped = record('towpath:application:stopped')
    const world = serving()

    const peer = await world.connect('/')
    peer.close(1000)
    peer.end()
    await settled()
    await world.connect('/broken')
    await world.upgrade('/', { method: 'POST' })
    const over = world.app.stop({ grace: 0, timeout: 0 })
    await world.environment.clock.advance(10)
    await over

    expect(opened).toHaveLength(2)
    expect(closed[0]).toMatchObject({ info: { reason: { code: 1000 }, initiator: 'remote' } })
    const [{ session }] = opened as [ApplicationEvents['sessionOpened']]
    expect(Reflect.get(closed[0] as object, 'session')).toBe(session)
    expect(refused).toMatchObject([{ status: 400, reason: 'handshake', route: '/' }])
    expect(failed).toMatchObject([{ error: { message: 'on purpose' } }])
    expect([stopping.length, stopped.length]).toEqual([1, 1])
  })

  it('costs an application nothing while nobody subscribes', () => {
    const world = serving()

    const monitor = world.app.monitor as EventMonitor<ApplicationEvents>
    const before = monitor.hasListeners('sessionOpened')
    const seen = record('towpath:session:opened')

    expect([before, monitor.hasListeners('sessionOpened')]).toEqual([false, true])
    expect(seen).toEqual([])
  })

  it('publishes upgrades on a tracing channel, from the request to the answer', async () => {
    const world = serving()
    const events: string[] = []
    for (const name of ['start', 'end', 'asyncStart', 'asyncEnd', 'error']) {
      listen(`tracing:towpath:upgrade:${name}`, (message) => {
        events.push(`${name} ${String(Reflect.get(message as object, 'status'))}`)
      })
    }

    await world.upgrade('/')
    await world.upgrade('/', { method: 'POST' })

    expect(events).toEqual([
      'start undefined',
      'end undefined',
      'asyncStart 101',
      'asyncEnd 101',
      'start undefined',
      'end undefined',
      'error 400',
      'asyncStart 400',
      'asyncEnd 400',
    ])
  })
})
