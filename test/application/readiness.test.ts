import { describe, expect, it } from 'vitest'

import { createApplication } from '../../src/application/create-application.ts'
import { readiness } from '../../src/application/readiness.ts'
import { seconds } from '../../src/base/index.ts'
import { settled } from '../support/memory-world.ts'
import { clientFrame } from '../support/peer.ts'
import { World } from './upgrade-client.ts'

describe('readiness()', () => {
  it('is 200 while the application runs, with the plugin and without', () => {
    expect(readiness(createApplication())).toEqual({ status: 200, body: 'ready\n' })
    expect(readiness(new World().install().app).status).toBe(200)
  })

  it('D-01 is 503 during the lead, in which upgrades are still taken', async () => {
    const world = new World().install()
    world.app.routing((route) => void route.webSocket('/', ({ closed }) => closed.then(() => {})))
    const early = await world.connect('/')

    const stopped = world.app.stop({ lead: seconds(5), grace: 0, timeout: seconds(5) })
    const leaving = readiness(world.app)
    const { state } = world.app
    const late = await world.connect('/')
    await world.environment.clock.advance(seconds(5) - 1)
    const before = [early, late].map(({ inbox }) => inbox.unread.length)
    await world.environment.clock.advance(1)

    expect([state, leaving]).toEqual(['leaving', { status: 503, body: 'leaving\n' }])
    expect(before).toEqual([0, 0])
    expect(world.app.state).toBe('stopping')
    expect(readiness(world.app)).toEqual({ status: 503, body: 'stopping\n' })
    expect((await world.refused('/')).status).toBe(503)
    for (const peer of [early, late]) {
      expect([...peer.inbox.unread.subarray(0, 4)]).toEqual([0x88, 2, 3, 0xe9])
      peer.close(1001)
      peer.end()
    }
    await world.environment.clock.advance(seconds(5))
    expect(await stopped).toEqual({ sessions: 2, closed: 2, aborted: 0 })
    expect(world.app.state).toBe('stopped')
    expect(readiness(world.app)).toEqual({ status: 503, body: 'stopped\n' })
  })

  it('D-01 measures the timeout from the end of the lead', async () => {
    const world = new World().install()
    let isStopped = false
    world.app.routing((route) => void route.webSocket('/', ({ closed }) => closed.then(() => {})))
    await world.connect('/')

    const times = { lead: seconds(3), grace: 0, timeout: seconds(2) }
    const stopped = world.app.stop(times).then(() => (isStopped = true))
    await world.environment.clock.advance(seconds(5) - 1)
    const before = isStopped
    await world.environment.clock.advance(seconds(4))
    await stopped

    expect([before, isStopped]).toEqual([false, true])
  })

  it('is 503 at once without a lead', () => {
    const world = new World().install()

    void world.app.stop()

    expect(world.app.state).toBe('stopping')
    expect(readiness(world.app).status).toBe(503)
  })

  it('D-03 is 503 while memoryBudget refuses, and 200 when there is room again', async () => {
    const world = new World().install({ memoryBudget: 10_000 })
    let read: (() => Promise<unknown>) | null = null
    world.app.routing((route) => {
      route.webSocket('/', ({ incoming, closed }) => {
        read = () => incoming.receive()
        return closed.then(() => {})
      })
    })
    const peer = await world.connect('/')
    peer.send(clientFrame('binary', new Uint8Array(9000)))
    await settled()

    const full = readiness(world.app)
    const refused = await world.refused('/')
    await (read as (() => Promise<unknown>) | null)?.()
    await world.environment.clock.advance(100)

    expect(full).toEqual({ status: 503, body: 'short of memory\n' })
    expect(refused.status).toBe(503)
    expect(readiness(world.app)).toEqual({ status: 200, body: 'ready\n' })
  })
})
