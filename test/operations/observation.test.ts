import { describe, expect, it } from 'vitest'

import { createApplication } from '../../src/application/index.ts'
import { requestObserverOf } from '../../src/base/internal.ts'
import { seconds } from '../../src/base/index.ts'
import { Observation, type Recorder } from '../../src/operations/observation.ts'
import { clientFrame } from '../support/peer.ts'
import { settled } from '../support/memory-world.ts'
import { World } from '../application/upgrade-client.ts'

/** Writes down what it is told. */
function recording() {
  const heard: unknown[] = []
  const note =
    (name: string) =>
    (...facts: unknown[]): void =>
      void heard.push([name, ...facts])
  const recorder: Recorder = {
    sessionEnded: note('session'),
    upgradeEnded: note('upgrade'),
    pingAnswered: note('ping'),
    handlerFailed: note('failure'),
    requestEnded: note('request'),
  }
  return { heard, recorder }
}

describe('Observation', () => {
  it('D-09 counts the traffic of sessions that run and of those that have ended, each once', async () => {
    const world = new World().install()
    const observation = new Observation(world.app, new Set(), recording().recorder)
    world.app.routing((route) => {
      route.webSocket('/rooms/:room', async ({ incoming, send }) => {
        for await (const frame of incoming) await send(frame)
      })
    })
    const first = await world.connect('/rooms/a')
    const second = await world.connect('/rooms/b')
    for (const peer of [first, second]) peer.send(clientFrame('text', 'hi'))
    await settled()
    const both = observation.snapshot()
    first.close(1000)
    first.end()
    await settled()
    const one = observation.snapshot()

    expect(both.sessions).toEqual([{ route: '/rooms/:room', protocol: '', count: 2 }])
    expect(both.totals.get('/rooms/:room')).toEqual({
      messages: { incoming: 2, outgoing: 2 },
      bytes: { incoming: 16, outgoing: 8 },
    })
    expect(one.sessions).toEqual([{ route: '/rooms/:room', protocol: '', count: 1 }])
    expect(one.totals.get('/rooms/:room')?.messages).toEqual({ incoming: 2, outgoing: 2 })
    expect(one.budget?.limit).toBe(268_435_456)
  })

  it('records what cannot be read later', async () => {
    const world = new World().install({ pingPeriod: seconds(10) })
    const { heard, recorder } = recording()
    new Observation(world.app, new Set([4101]), recorder)
    world.app.routing((route) => {
      route.webSocket('/', ({ incoming }) => incoming.consumeEach(() => {}))
      route.webSocket('/broken', () => {
        throw new Error('on purpose')
      })
    })
    const peer = await world.connect('/')
    await world.environment.clock.advance(seconds(10))
    peer.send(clientFrame('pong', peer.inbox.unread.slice(2, 10)))
    await settled()
    peer.close(4101)
    peer.end()
    await settled()
    await world.connect('/broken')
    await world.upgrade('/', { method: 'POST' })

    expect(heard).toEqual([
      ['upgrade', 0, { route: '/', status: 101, reason: 'accepted' }],
      ['ping', 0],
      ['session', expect.any(Number), { route: '/', code: '4101', initiator: 'remote' }],
      ['upgrade', 0, { route: '/broken', status: 101, reason: 'accepted' }],
      ['failure', '/broken'],
      ['upgrade', 0, { route: '/', status: 400, reason: 'handshake' }],
    ])
  })

  it('D-08 the type of a request that the contract does not have is no label', () => {
    const app = createApplication()
    const { heard, recorder } = recording()
    new Observation(app, new Set(), recorder)
    const observer = requestObserverOf({ application: app })

    observer?.served(null, null, {})?.ended('UNKNOWN')
    observer?.asked('get', {})?.ended(null)

    expect(heard).toEqual([
      ['request', expect.any(Number), { side: 'served', type: 'unknown', failure: 'UNKNOWN' }],
      ['request', expect.any(Number), { side: 'asked', type: 'get', failure: 'none' }],
    ])
  })

  it('has no budget without the plugin WebSockets', () => {
    const observation = new Observation(createApplication(), new Set(), recording().recorder)

    expect(observation.snapshot().budget).toBe(null)
  })
})
