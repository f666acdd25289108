import { describe, expect, it } from 'vitest'

import type { ApplicationEvents } from '../../../src/application/application.ts'
import { UpgradeLimitError } from '../../../src/application/errors.ts'
import { createMemoryBudget } from '../../../src/application/sessions/memory-budget.ts'
import type { WebSocketsOptions } from '../../../src/application/sessions/websockets-plugin.ts'
import { Deferred } from '../../../src/base/internal.ts'
import { settled } from '../../support/memory-world.ts'
import { expectRefusal, World } from '../upgrade-client.ts'

type Refused = ApplicationEvents['upgradeRefused']

/** An application whose sessions last until their clients leave. */
function serve(options: WebSocketsOptions) {
  const world = new World().install(options)
  const refused: Refused[] = []
  world.app.monitor.on('upgradeRefused', (facts) => refused.push(facts))
  world.app.routing((route) => {
    route.webSocket('/', async ({ incoming }) => {
      await incoming.toArray()
    })
  })
  return { world, app: world.app, refused }
}

function from(host: string) {
  return { remote: { host, port: 50_000 } }
}

describe('Admission', () => {
  it('maxConnections: the last one fits, one more gets 503 with Retry-After', async () => {
    const { world, app, refused } = serve({ maxConnections: 2 })
    await world.connect('/')
    await world.connect('/')

    const outcome = await world.upgrade('/')

    expectRefusal(outcome, 503, 'Cannot upgrade: the server has too many connections')
    expect(outcome.type === 'refused' && outcome.headers).toContainEqual(['retry-after', '5'])
    expect(refused[0]).toMatchObject({
      status: 503,
      reason: 'connections',
      cause: { code: 'TOWPATH_UPGRADE_LIMIT', limitName: 'maxConnections', limit: 2 },
    })
    expect(refused[0]?.cause).toBeInstanceOf(UpgradeLimitError)
    expect(app.statistics().upgradesRefused).toEqual({ connections: 1 })
    expect(app.statistics().limitsReached).toEqual({ maxConnections: 1 })
  })

  it('maxConnections: a connection that has ended makes room', async () => {
    const { world } = serve({ maxConnections: 1 })
    for (let round = 0; round < 10; round++) {
      const peer = await world.connect('/')
      expectRefusal(await world.upgrade('/'), 503, 'too many connections')
      peer.close(1000)
      peer.end()
      await peer.gone
      await settled()
    }
  })

  it('maxConnections: an upgrade that is being decided counts, and no more once it is refused', async () => {
    const { world, app } = serve({ maxConnections: 1 })
    const answer = new Deferred<Response>()
    app.routing((route) => {
      route.webSocket('/slow', () => {}).intercept(() => answer.promise)
    })
    const slow = world.upgrade('/slow')

    expectRefusal(await world.upgrade('/'), 503, 'too many connections')
    answer.resolve(new Response('no', { status: 401 }))
    expectRefusal(await slow, 401, 'no')
    await world.connect('/')
  })

  it('memoryBudget: the head of a request counts while it is decided, and with its session', async () => {
    const memoryBudget = createMemoryBudget(1_000_000)
    const { world, app } = serve({ memoryBudget })
    const answer = new Deferred<Response | void>()
    app.routing((route) => {
      route
        .webSocket('/slow', async ({ closed }) => void (await closed))
        .intercept(async (_, next) => (await answer.promise) ?? next())
    })
    const headers = { Cookie: 'x'.repeat(10_000) }

    const slow = world.upgrade('/slow', { headers })
    expect(memoryBudget.used).toBeGreaterThan(10_000)
    expect(memoryBudget.used).toBeLessThan(11_000)
    const behind = world.upgrade('/slow', { headers, earlyBytes: 50_000 })
    expect(memoryBudget.used).toBeGreaterThan(70_000)
    const before = memoryBudget.used
    let grow: (bytes: number) => void = () => {}
    const growing = world.upgrade('/slow', {
      headers,
      watchEarlyBytes: (grew) => void (grow = grew),
    })
    grow(20_000)
    expect(memoryBudget.used - before).toBeGreaterThan(30_000)
    answer.resolve(new Response('no', { status: 401 }))
    await Promise.all([slow, behind, growing])
    grow(20_000)
    expect(memoryBudget.used).toBe(0)

    await world.connect('/', { headers })
    expect(memoryBudget.used).toBeGreaterThan(10_000)
    expect(memoryBudget.used).toBeLessThan(11_000)
  })

  it('maxConnections: an upgrade whose client left, or that took too long, does not count any more', async () => {
    const { world, app } = serve({ maxConnections: 1, handshakeTimeout: 1_000 })
    app.routing((route) => {
      route.webSocket('/never', () => {}).intercept(() => new Promise(() => {}))
    })
    const left = new AbortController()
    const abandoned = world.upgrade('/never', {}, left.signal)
    left.abort()
    await abandoned
    const late = world.upgrade('/never')
    await world.environment.clock.advance(1_000)
    expectRefusal(await late, 503, 'too long')
    expect(app.statistics().limitsReached).toEqual({ handshakeTimeout: 1 })

    await world.connect('/')
  })

  it('maxConnections: an accepted upgrade whose session was never begun leaves nothing behind', async () => {
    const { world } = serve({ maxConnections: 1 })
    for (let round = 0; round < 5; round++) await world.accepted('/')

    await world.connect('/')
  })

  it('maxConnectionsPerAddress: one more gets 429, other addresses never notice', async () => {
    const { world, app, refused } = serve({ maxConnectionsPerAddress: 2 })
    await world.connect('/', from('198.51.100.1'))
    await world.connect('/', from('198.51.100.1'))

    const outcome = await world.upgrade('/', from('198.51.100.1'))

    expectRefusal(outcome, 429, 'Cannot upgrade: there are too many connections from this address')
    expect(outcome.type === 'refused' && outcome.headers).toContainEqual(['retry-after', '5'])
    expect(refused[0]).toMatchObject({ reason: 'address', cause: { limit: 2 } })
    expect(app.statistics().limitsReached).toEqual({ maxConnectionsPerAddress: 1 })
    await world.connect('/', from('198.51.100.2'))
  })

  it('maxSocketsPerConnection: a request on a full connection of HTTP/2 gets 429', async () => {
    const { world, app, refused } = serve({})

    const outcome = await world.upgrade('/', { connectionLimit: 100 })

    expectRefusal(outcome, 429, 'Cannot upgrade: this connection has too many sockets')
    expect(outcome.type === 'refused' && outcome.headers).toContainEqual(['retry-after', '5'])
    expect(refused[0]).toMatchObject({ reason: 'connection', cause: { limit: 100 } })
    expect(app.statistics().limitsReached).toEqual({ maxSocketsPerConnection: 1 })
  })

  it('maxConnectionsPerAddress: IPv6 addresses of one /64 are one', async () => {
    const { world } = serve({ maxConnectionsPerAddress: 1 })
    await world.connect('/', from('2001:db8:0:1::1'))

    expectRefusal(await world.upgrade('/', from('2001:db8:0:1:ffff::2')), 429, 'too many')
    await world.connect('/', from('2001:db8:0:2::1'))
  })

  it('maxConnectionsPerAddress: the address is where a trusted proxy says that the request came from', async () => {
    const { world, app } = serve({ maxConnectionsPerAddress: 1 })
    app.resolveOrigin((origin, request) => ({
      ...origin,
      remoteHost: request.headers.get('x-forwarded-for') ?? origin.remoteHost,
    }))
    const forwarded = (client: string) => ({
      ...from('10.0.0.1'),
      headers: { 'X-Forwarded-For': client },
    })
    await world.connect('/', forwarded('203.0.113.1'))
    await world.connect('/', forwarded('203.0.113.2'))

    expectRefusal(await world.upgrade('/', forwarded('203.0.113.1')), 429, 'too many')
  })

  it('maxConnectionsPerAddress: by default 1000 from a public address, and any number from our own networks', async () => {
    const { world } = serve({})
    for (let count = 0; count < 1_000; count++) {
      await world.connect('/', from('198.51.100.1'))
      await world.connect('/', from('10.0.0.1'))
    }

    expectRefusal(await world.upgrade('/', from('198.51.100.1')), 429, 'too many')
    await world.connect('/', from('10.0.0.1'))
    await world.connect('/', { remote: { host: null, port: null } })
  })

  it('maxUpgradesPerSecond: two seconds’ worth at once, then 503 until the next is due', async () => {
    const { world, app, refused } = serve({ maxUpgradesPerSecond: 2 })
    for (let count = 0; count < 4; count++) await world.connect('/')

    expectRefusal(
      await world.upgrade('/'),
      503,
      'Cannot upgrade: there are too many upgrades per second',
    )
    await world.environment.clock.advance(499)
    expectRefusal(await world.upgrade('/'), 503, 'too many upgrades')
    await world.environment.clock.advance(1)
    await world.connect('/')

    expect(refused[0]).toMatchObject({
      reason: 'rate',
      cause: { limitName: 'maxUpgradesPerSecond', limit: 2 },
    })
    expect(app.statistics().upgradesRefused).toEqual({ rate: 2 })
    expect(app.statistics().limitsReached).toEqual({ maxUpgradesPerSecond: 2 })
  })

  it('maxUpgradesPerSecond: refusals that no listener hears are one object, for routes alone', async () => {
    const world = new World().install({ maxUpgradesPerSecond: 1 })
    world.app.routing((route) => route.webSocket('/', async ({ closed }) => void (await closed)))
    for (let count = 0; count < 2; count++) await world.connect('/')

    const refusal = await world.upgrade('/')

    expectRefusal(refusal, 503, 'Cannot upgrade: there are too many upgrades per second')
    expect(refusal.type === 'refused' && refusal.headers).toContainEqual(['retry-after', '5'])
    expect(await world.upgrade('/')).toBe(refusal)
    expect(await world.upgrade('/nope')).toEqual({ type: 'unclaimed' })
    expect(world.app.statistics().upgradesRefused).toEqual({ rate: 2 })
    expect(world.app.statistics().limitsReached).toEqual({ maxUpgradesPerSecond: 2 })
  })

  it('maxHeaderCount: as many headers as allowed are read, one more gets 431', async () => {
    const { world, app, refused } = serve({ maxHeaderCount: 10 })
    const headers = (count: number) =>
      Array.from({ length: count }, (_, index) => [`X-${index}`, 'x']).flat()
    await world.accepted('/', { extraHeaders: headers(5) })

    const outcome = await world.upgrade('/', { extraHeaders: headers(6) })

    expectRefusal(outcome, 431, 'Cannot upgrade: the request has too many headers')
    expect(refused[0]).toMatchObject({ reason: 'headers', cause: { limitName: 'maxHeaderCount' } })
    expect(app.statistics().limitsReached).toEqual({ maxHeaderCount: 1 })
  })

  it('maxHeaderSize: names and values of the allowed size are read, one character more gets 431', async () => {
    const { world, app } = serve({ maxHeaderSize: 1_000 })
    // The headers of the handshake have 119 characters, and the name of this one 1.
    const padded = (length: number) => ({ extraHeaders: ['X', 'x'.repeat(length)] })
    await world.accepted('/', padded(880))

    expectRefusal(
      await world.upgrade('/', padded(881)),
      431,
      'headers of the request are too large',
    )
    expect(app.statistics().limitsReached).toEqual({ maxHeaderSize: 1 })
  })

  it('Infinity turns each limit off', async () => {
    const { world } = serve({
      maxConnections: Infinity,
      maxConnectionsPerAddress: Infinity,
      maxUpgradesPerSecond: Infinity,
      maxHeaderCount: Infinity,
      maxHeaderSize: Infinity,
      memoryBudget: Infinity,
    })
    const many = Array.from({ length: 1_000 }, (_, index) => [`X-${index}`, 'x'.repeat(100)]).flat()
    await world.accepted('/', { extraHeaders: many })
    for (let count = 0; count < 2_000; count++) await world.connect('/', from('198.51.100.1'))
  })
})
