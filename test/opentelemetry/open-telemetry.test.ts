import * as api from '@opentelemetry/api'
import { WebSockets } from 'towpath'
import { defineContract, typed } from 'towpath/messages'
import { withTestApplication } from 'towpath/testing'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'

import { createApplication } from '../../src/application/index.ts'
import { requestObserverOf } from '../../src/base/internal.ts'
import { OpenTelemetry, traceRequests } from '../../src/opentelemetry/index.ts'
import { clientFrame } from '../support/peer.ts'
import { settled } from '../support/memory-world.ts'
import { Tracing } from '../support/tracing.ts'
import { World } from '../application/upgrade-client.ts'

describe('OpenTelemetry', () => {
  it('D-13 plain messages have no spans, and no span is as long as the session', async () => {
    using tracing = new Tracing()
    const world = new World().install()
    world.app.install(OpenTelemetry, { tracerProvider: tracing.provider })
    world.app.routing((route) => {
      route.webSocket('/', async ({ incoming, send }) => {
        for await (const frame of incoming) await send(frame)
      })
    })
    const peer = await world.connect('/')
    const opened = tracing.spans.map(({ name }) => name)
    peer.send(clientFrame('text', 'hi'))
    await settled()
    peer.close(1000)
    peer.end()
    await settled()

    expect(opened).toEqual(['GET /'])
    expect(tracing.spans).toHaveLength(1)
  })

  it('an origin that cannot be resolved refuses the upgrade with 500, as without the plugin', async () => {
    using tracing = new Tracing()
    const world = new World().install()
    world.app.install(OpenTelemetry, { tracerProvider: tracing.provider })
    const failure = new Error('on purpose')
    world.app.resolveOrigin(() => {
      throw failure
    })
    world.app.routing((route) => void route.webSocket('/', () => {}))

    expect(await world.refused('/')).toMatchObject({ status: 500 })
    expect(world.logged).toEqual([
      ['A hook of a plugin failed', failure],
      ['WebSocket upgrade failed', failure],
    ])
  })

  it('D-12 one trace goes through a client, the upgrade and a typed request', async () => {
    using tracing = new Tracing()
    const { provider: tracerProvider } = tracing
    const contract = defineContract({
      name: 'rooms',
      client: {
        join: { request: z.string(), response: z.number() },
        leave: { request: z.string(), response: z.number() },
      },
      server: {},
    })
    const active: Array<string | undefined> = []
    await withTestApplication(async (t) => {
      t.application.install(WebSockets)
      t.application.install(OpenTelemetry, { tracerProvider })
      t.application.routing((route) => {
        route.webSocket('/', { protocols: contract.protocols }, async (session) => {
          await typed(session, contract).serve({
            join: () => {
              active.push(api.trace.getActiveSpan()?.spanContext().spanId)
              return 1
            },
            leave: () => Promise.reject(new Error('on purpose')),
          })
        })
      })
      const root = tracerProvider.getTracer('test').startSpan('visit')
      await api.context.with(api.trace.setSpan(api.context.active(), root), async () => {
        const headers = {}
        api.propagation.inject(api.context.active(), headers)
        const session = await t.connect('/', { protocols: contract.protocols, headers })
        traceRequests(session, { tracerProvider })
        const client = typed(session, contract)
        await client.request('join', 'room')
        await client.requestCatching('leave', 'room')
        expect(t.takeFailures()).toHaveLength(1)
        await session.close()
      })
      root.end()
    })

    const { spans } = tracing
    const root = spans.find(({ name }) => name === 'visit')?.spanContext()
    const upgrade = spans.find(({ name }) => name === 'GET /')
    const [served, asked, leaving] = spans.filter(({ name }) => name === 'join' || name === 'leave')
    expect(new Set(spans.map((span) => span.spanContext().traceId))).toEqual(
      new Set([root?.traceId]),
    )
    expect(upgrade?.parentSpanContext?.spanId).toBe(root?.spanId)
    expect(asked).toMatchObject({ name: 'join', kind: api.SpanKind.CLIENT })
    expect(asked?.parentSpanContext?.spanId).toBe(root?.spanId)
    expect(served).toMatchObject({ name: 'join', kind: api.SpanKind.SERVER })
    expect(served?.parentSpanContext?.spanId).toBe(asked?.spanContext().spanId)
    expect(served?.links[0]?.context.spanId).toBe(upgrade?.spanContext().spanId)
    expect(active).toEqual([served?.spanContext().spanId])
    expect(leaving?.attributes['error.type']).toBe('FAILED')
  })

  it('makes spans of typed requests, unless only upgrades are wanted', () => {
    using tracing = new Tracing()
    for (const spans of ['messages', 'upgrade'] as const) {
      const application = createApplication((app) => {
        app.install(OpenTelemetry, { tracerProvider: tracing.provider, spans })
      })
      requestObserverOf({ application })
        ?.served(spans, undefined, {}, { errors: new Set() })
        ?.ended(null)
    }

    expect(tracing.spans.map(({ name }) => name)).toEqual(['messages'])
  })

  it('refuses another word for the spans', () => {
    expect(() =>
      // @ts-expect-error -- what JavaScript may do
      createApplication((app) => app.install(OpenTelemetry, { spans: 'sessions' })),
    ).toThrow('Cannot install OpenTelemetry: option "spans" is a string, expected')
  })
})
