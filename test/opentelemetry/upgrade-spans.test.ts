import * as api from '@opentelemetry/api'
import { describe, expect, it } from 'vitest'

import { addHooks } from '../../src/application/internal.ts'
import { UpgradeSpans } from '../../src/opentelemetry/upgrade-spans.ts'
import { Tracing } from '../support/tracing.ts'
import { World } from '../application/upgrade-client.ts'

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c'
const PARENT_ID = 'b7ad6b7169203331'
const traceparent = `00-${TRACE_ID}-${PARENT_ID}-01`

function traced(tracing: Tracing) {
  const world = new World().install()
  const spans = new UpgradeSpans(api, tracing.provider.getTracer('test'))
  const active: Array<string | undefined> = []
  addHooks(world.app, { upgradeBegins: (call, route) => spans.begin(call, route) })
  world.app.routing((route) => {
    route.webSocket('/rooms/:room', () => {
      active.push(api.trace.getActiveSpan()?.spanContext().spanId)
    })
    route.webSocket('/stays', ({ closed }) => closed.then(() => {}))
    route.route('/broken', (broken) => {
      broken.intercept(() => {
        throw new Error('on purpose')
      })
      broken.webSocket('/', () => {})
    })
  })
  return { world, spans, active }
}

describe('UpgradeSpans', () => {
  it('D-11 an upgrade is a SERVER span that ends with the 101, below what came with the request', async () => {
    using tracing = new Tracing()
    const { world } = traced(tracing)

    await world.upgrade('/rooms/alice?token=secret', { headers: { traceparent } })

    const [span] = tracing.spans
    expect(tracing.spans).toHaveLength(1)
    expect(span).toMatchObject({
      name: 'GET /rooms/:room',
      kind: api.SpanKind.SERVER,
      attributes: {
        'http.request.method': 'GET',
        'http.route': '/rooms/:room',
        'http.response.status_code': 101,
        'url.scheme': 'http',
      },
      parentSpanContext: { traceId: TRACE_ID, spanId: PARENT_ID },
      status: { code: api.SpanStatusCode.UNSET },
    })
    expect(JSON.stringify(span?.attributes)).not.toMatch(/alice|secret/)
  })

  it('D-14 the handler runs in the context of the span', async () => {
    using tracing = new Tracing()
    const { world, active } = traced(tracing)

    await world.connect('/rooms/a')

    expect(active).toEqual([tracing.spans[0]?.spanContext().spanId])
  })

  it('D-11 a refusal has its reason, and an error where our own code failed', async () => {
    using tracing = new Tracing()
    const { world } = traced(tracing)

    await world.upgrade('/rooms/a', { method: 'POST' })
    await world.upgrade('/broken')

    expect(
      tracing.spans.map(({ attributes, status }) => [attributes['error.type'], status.code]),
    ).toEqual([
      ['handshake', api.SpanStatusCode.UNSET],
      ['failure', api.SpanStatusCode.ERROR],
    ])
    expect(tracing.spans[1]?.events[0]?.name).toBe('exception')
  })

  it('knows the span of the upgrade that led to a session', async () => {
    using tracing = new Tracing()
    const { world, spans } = traced(tracing)

    await world.connect('/stays')
    const found = [...world.app.sessions].map((session) => spans.ofSession(session))

    expect(spans.ofSession({})).toBe(null)
    expect(found).toEqual([tracing.spans[0]?.spanContext()])
  })
})
