import { Registry } from 'prom-client'
import { WebSockets } from 'towpath'
import { withTestApplication } from 'towpath/testing'
import { defineTopic, Topics } from 'towpath/topics'
import { describe, expect, it, vi } from 'vitest'

import { createApplication } from '../../src/application/index.ts'
import { seconds } from '../../src/base/index.ts'
import { PrometheusMetrics } from '../../src/prometheus/index.ts'
import { clientFrame } from '../support/peer.ts'
import { settled } from '../support/memory-world.ts'
import { World } from '../application/upgrade-client.ts'

async function serving(options: { readonly prefix?: string } = {}) {
  const world = new World().install()
  const registry = new Registry()
  const installed = world.app.install(PrometheusMetrics, { registry, ...options })
  world.app.routing((route) => {
    route.webSocket('/rooms/:room', { protocols: ['chat'] }, async ({ incoming, send }) => {
      for await (const frame of incoming) await send(frame)
    })
  })
  const peer = await world.connect('/rooms/alice', {
    headers: { 'Sec-WebSocket-Protocol': 'chat' },
  })
  peer.send(clientFrame('text', 'hi'))
  await settled()
  return { world, registry, peer, installed }
}

describe('PrometheusMetrics', () => {
  it('D-09 has the gauges and the sums of traffic at the moment of the scrape', async () => {
    const { registry, peer, world } = await serving()

    const open = await registry.metrics()
    await world.environment.clock.advance(seconds(5))
    peer.close(1000)
    peer.end()
    await settled()
    const closed = await registry.metrics()

    const labels = 'route="/rooms/:room"'
    expect(open).toContain(`towpath_sessions{${labels},protocol="chat"} 1\n`)
    expect(open).toContain(`towpath_messages_total{${labels},direction="incoming"} 1\n`)
    expect(open).toContain(`towpath_bytes_total{${labels},direction="outgoing"} 4\n`)
    expect(open).toContain('towpath_queued_bytes{direction="outgoing"} 0\n')
    expect(open).toContain('towpath_memory_budget_bytes{kind="limit"} 268435456\n')
    expect(open).toContain('towpath_frames_dropped_total{direction="incoming"} 0\n')
    expect(open).toContain(`towpath_upgrades_total{${labels},status="101",reason="accepted"} 1\n`)
    expect(closed).not.toContain('towpath_sessions{')
    expect(closed).toContain(`towpath_messages_total{${labels},direction="incoming"} 1\n`)
    expect(closed).toContain(
      `towpath_session_duration_seconds_count{${labels},code="1000",initiator="remote"} 1\n`,
    )
  })

  it('D-08 has no path, id or address in any label', async () => {
    const { registry, world } = await serving()
    await world.upgrade('/rooms/bob?token=secret', { method: 'POST' })

    const text = await registry.metrics()

    expect(text).toContain('reason="handshake"')
    expect(text).not.toMatch(/alice|bob|secret|127\.0\.0\.1/)
  })

  it('D-21 has the topics of an application by kind, and their broker', async () => {
    const Room = defineTopic('rooms/:room', { history: { size: 10, age: 600_000 }, presence: {} })
    await withTestApplication(async (t) => {
      const registry = new Registry()
      t.application.install(WebSockets)
      t.application.install(PrometheusMetrics, { registry })
      const before = await registry.metrics()
      const topics = t.application.install(Topics)
      t.application.routing((route) => {
        route.webSocket('/:name', async (session) => {
          const room = topics.topic(Room, { room: session.call.parameters.name })
          await room.presence.join(session, 'someone', null)
          await room.subscribe(session, { frame: ({ event }) => JSON.stringify(event) })
          await session.incoming.receiveCatching()
        })
      })
      for (const name of ['alice', 'bob']) await t.connect(`/${name}`)
      await t.settle()
      await topics.topic(Room, { room: 'alice' }).publish('hello')
      await t.settle()

      const text = await registry.metrics()

      const kind = 'kind="rooms/:room"'
      expect(before).not.toMatch(/^towpath_(topic|broker_up)/m)
      expect(text).toContain(`towpath_topics{${kind}} 2\n`)
      expect(text).toContain(`towpath_topic_subscriptions{${kind}} 2\n`)
      expect(text).toContain(`towpath_topic_members{${kind}} 2\n`)
      expect(text).toContain(`towpath_topic_events_published_total{${kind}} 1\n`)
      expect(text).toContain(`towpath_topic_events_delivered_total{${kind}} 1\n`)
      expect(text).toContain(`towpath_topic_gaps_total{${kind},reason="lagging"} 0\n`)
      expect(text).toContain('towpath_broker_up 1\n')
      expect(text).toContain('towpath_broker_outages_total 0\n')
      expect(text).not.toMatch(/alice|bob|someone|hello/)
    })
  })

  it('D-21 has the outages of the broker, and whether it is down', async () => {
    await withTestApplication(async (t) => {
      const registry = new Registry()
      t.application.install(WebSockets)
      t.application.install(PrometheusMetrics, { registry })
      const topics = t.application.install(Topics)
      const broker = { state: 'down', outages: 3, reconnects: 2 } as const
      vi.spyOn(topics, 'statistics').mockReturnValue({ ...topics.statistics(), broker })

      const text = await registry.metrics()

      expect(text).toContain('towpath_broker_up 0\n')
      expect(text).toContain('towpath_broker_outages_total 3\n')
      expect(text).toContain('towpath_broker_reconnects_total 2\n')
    })
  })

  it('takes a registry and a prefix, and returns the registry', async () => {
    const { registry, installed } = await serving({ prefix: 'chat_' })

    expect(installed.registry).toBe(registry)
    expect(await registry.metrics()).toMatch(/^# HELP chat_sessions /m)
    expect(await registry.metrics()).not.toContain('towpath_')
  })

  it('refuses a prefix that Prometheus would not take', () => {
    expect(() =>
      createApplication((app) => void app.install(PrometheusMetrics, { prefix: '1-' })),
    ).toThrow('Cannot install PrometheusMetrics: option "prefix" is invalid')
  })
})
