/**
 * The dashboard: its route, and what its page shows of a connection, in memory.
 */

import { WebSockets } from 'towpath'
import type { Application } from 'towpath'
import { withTestApplication } from 'towpath/testing'
import { describe, expect, it } from 'vitest'
import { dashboard, Readings } from '../../../examples/reconnecting-dashboard/dashboard.ts'
import {
  describe as inWords,
  follow,
  inUnits,
} from '../../../examples/reconnecting-dashboard/public/dashboard.js'

/** Readings that are made when a test says so. */
function ticking() {
  const world = { tick: () => {}, isTicking: false }
  const readings = new Readings((callback) => {
    world.tick = callback
    world.isTicking = true
    return { [Symbol.dispose]: () => void (world.isTicking = false) }
  })
  const module = (app: Application): void => {
    app.install(WebSockets)
    app.routing((route) => {
      route.webSocket('/feed', (session) => dashboard(readings, session))
    })
  }
  return { world, readings, module }
}

describe('the dashboard', () => {
  it('shows readings and states, and comes back when the connection is dropped', async () => {
    const { world, module } = ticking()
    await withTestApplication(module, async (t) => {
      const seen: string[] = []
      const connection = t.client.connect('ws://localhost/feed', { whileAway: 'drop' })
      const followed = follow(connection, {
        showReading: ({ viewers }) => seen.push(`${viewers} viewers`),
        showState: (state) => seen.push(state),
      })
      await t.settle()
      world.tick()
      await t.settle()

      await connection.send('drop')
      await t.clock.advance(1_000)
      world.tick()
      await t.settle()
      await connection.close()
      await followed

      expect(seen).toEqual([
        'connecting',
        'open',
        '1 viewers',
        'waiting',
        'connecting',
        'open',
        '1 viewers',
        'closed',
      ])
    })
    expect(world.isTicking).toBe(false)
  })

  it('gives the latest reading to a viewer who is slow, and reads nothing for nobody', async () => {
    const { world, readings } = ticking()
    const [fast, slow] = [readings.watch(), readings.watch()]
    world.tick()
    expect(await slow.receive()).toMatchObject({ viewers: 2 })
    readings.end(fast)
    for (let reading = 0; reading < 20; reading++) world.tick()

    expect(await slow.receive()).toMatchObject({ viewers: 1 })
    expect(slow.tryReceive()).toEqual({ type: 'empty' })
    expect(world.isTicking).toBe(true)
    readings.end(slow)
    expect(world.isTicking).toBe(false)
  })
})

describe('describe()', () => {
  const info = { reason: { code: 1006 } }

  it.each([
    [{ type: 'connecting', setback: null }, 'Connecting…'],
    [{ type: 'connecting', setback: { info } }, 'Connecting again…'],
    [{ type: 'open' }, 'Connected'],
    [
      { type: 'waiting', delay: 1_234, setback: { info } },
      'The connection was lost. Trying again in 1.2 s',
    ],
    [
      { type: 'waiting', delay: 5_000, setback: { info: { reason: { code: 1001 } } } },
      'The server went away. Trying again in 5.0 s',
    ],
    [
      { type: 'waiting', delay: 5_000, setback: { info: null } },
      'The server cannot be reached. Trying again in 5.0 s',
    ],
    [{ type: 'closed', end: { cause: null } }, 'Closed'],
    [
      { type: 'closed', end: { cause: new Error('no') } },
      'Closed because of an error on this page',
    ],
  ])('puts %j into words', (state, words) => {
    expect(inWords(state)).toBe(words)
  })
})

describe('inUnits()', () => {
  it.each([
    [0, '0 s'],
    [59, '59 s'],
    [60, '1 min'],
    [700, '11 min 40 s'],
    [3_605, '1 h'],
    [90_061, '1 d 1 h'],
  ])('inUnits(%d) is %s', (seconds, words) => {
    expect(inUnits(seconds)).toBe(words)
  })
})
