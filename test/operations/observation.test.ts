import { describe, expect, it, onTestFinished, vi } from 'vitest'

import { WebSockets } from 'towpath'
import { defineContract, typed } from 'towpath/messages'
import { withTestApplication } from 'towpath/testing'
import { z } from 'zod'

import { createApplication, WebSockets as OwnWebSockets } from '../../src/application/index.ts'
import type { SessionRegistry } from '../../src/application/internal.ts'
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

  it('D-22 a scrape visits each session once, for the budget too', async () => {
    const world = new World().install()
    const observation = new Observation(world.app, new Set(), recording().recorder)
    world.app.routing((route) => {
      route.webSocket('/', ({ incoming }) => incoming.consumeEach(() => {}))
    })
    for (let n = 0; n < 5; n++) await world.connect('/')
    const { sessions } = world.app
    const [[session, control] = []] = (sessions as SessionRegistry).entries()
    const statistics = vi.spyOn(
      Object.getPrototypeOf(Object.getPrototypeOf(session)),
      'statistics',
      'get',
    )
    const heldBytes = vi.spyOn(Object.getPrototypeOf(control), 'heldBytes', 'get')
    onTestFinished(() => void vi.restoreAllMocks())

    const { budget } = observation.snapshot()
    const [reads, measured] = [statistics.mock.calls.length, heldBytes.mock.calls.length]

    expect([reads, measured]).toEqual([5, 5])
    expect(budget?.used).toBe(world.app.plugin(OwnWebSockets).memoryBudget?.used)
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
    await settled()
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

    observer?.served('invented', undefined, {}, null)?.ended('UNKNOWN')
    observer?.asked('get', {}, null)?.ended(null)

    expect(heard).toEqual([
      ['request', expect.any(Number), { side: 'served', type: 'unknown', failure: 'UNKNOWN' }],
      ['request', expect.any(Number), { side: 'asked', type: 'get', failure: 'none' }],
    ])
  })

  it('D-08 a failure that a peer invents is other, and takes no label from those of the contract', async () => {
    const { heard, recorder } = recording()
    const contract = defineContract({
      name: 'c',
      client: {},
      server: { ask: { request: z.number(), errors: { DECLARED: z.null() } } },
    })
    await withTestApplication(async (t) => {
      t.application.install(WebSockets)
      new Observation(t.application, new Set(), recorder)
      let asked: Promise<void> = Promise.resolve()
      t.application.routing((route) => {
        route.webSocket('/', { protocols: contract.protocols }, async (session) => {
          const peer = typed(session, contract, { validate: 'none' })
          asked = (async () => {
            for (let n = 0; n <= 1000; n++) await peer.requestCatching('ask', n)
          })()
          await asked
        })
      })
      const hostile = await t.connect('/', { protocols: contract.protocols })
      await hostile.incoming.consumeEach(async (frame) => {
        const { id, data } = JSON.parse(Buffer.from(frame.buffer).toString()) as {
          id: number
          data: number
        }
        const code = data === 1000 ? 'DECLARED' : `INVENTED_${data}`
        await hostile.send(JSON.stringify({ type: '.error', id, code }))
      })
    })

    const failures = heard.flatMap((each) => {
      const [name, , labels] = each as [string, number, { failure: string }]
      return name === 'request' ? [labels.failure] : []
    })
    expect(failures).toHaveLength(1001)
    expect(new Set(failures.slice(0, 1000))).toEqual(new Set(['other']))
    expect(failures[1000]).toBe('DECLARED')
  })

  it('D-08 a subprotocol that a client may have invented is other, and takes no label from listed ones', async () => {
    const world = new World().install()
    const observation = new Observation(world.app, new Set(), recording().recorder)
    const handler = async ({ incoming }: { incoming: AsyncIterable<unknown> }): Promise<void> => {
      for await (const _ of incoming);
    }
    world.app.routing((route) => {
      route.webSocket('/any', { protocols: ([first]) => first ?? null }, handler)
      route.webSocket('/listed', { protocols: ['chat'] }, handler)
    })
    for (let n = 0; n < 600; n++) {
      await world.connect('/any', { headers: { 'Sec-WebSocket-Protocol': `invented-${n}` } })
    }
    await world.connect('/listed', { headers: { 'Sec-WebSocket-Protocol': 'chat' } })

    expect(observation.snapshot().sessions).toEqual([
      { route: '/any', protocol: 'other', count: 600 },
      { route: '/listed', protocol: 'chat', count: 1 },
    ])
  })

  it('D-08 no close code, path, header or method of a client adds a label', async () => {
    const world = new World().install()
    const { heard, recorder } = recording()
    new Observation(world.app, new Set(), recorder)
    world.app.routing((route) => {
      route.webSocket('/rooms/:room', ({ incoming }) => incoming.consumeEach(() => {}))
    })
    for (let code = 3000; code < 5000; code += 7) {
      const peer = await world.connect(`/rooms/${code}`)
      peer.close(code)
      peer.end()
      await world.upgrade(`/rooms/${code}?${code}`, { method: `M${code}` })
      await world.upgrade(`/nowhere/${code}`)
    }
    await settled()

    const labels = heard.map((each) => {
      const [name, , of] = each as [string, number, object]
      return JSON.stringify([name, of])
    })
    expect([...new Set(labels)].sort()).toEqual(
      [
        ['session', { route: '/rooms/:room', code: '3xxx', initiator: 'remote' }],
        ['session', { route: '/rooms/:room', code: '4xxx', initiator: 'remote' }],
        ['upgrade', { route: '/rooms/:room', status: 101, reason: 'accepted' }],
        ['upgrade', { route: '/rooms/:room', status: 400, reason: 'handshake' }],
      ].map((each) => JSON.stringify(each)),
    )
  })

  it('has no budget without the plugin WebSockets', () => {
    const observation = new Observation(createApplication(), new Set(), recording().recorder)

    expect(observation.snapshot().budget).toBe(null)
  })
})
