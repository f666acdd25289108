import * as api from '@opentelemetry/api'
import { describe, expect, it } from 'vitest'

import { requestObserverOf } from '../../src/base/internal.ts'
import type { ClientSession } from '../../src/client/index.ts'
import { requestSpans, traceRequests } from '../../src/opentelemetry/request-spans.ts'
import { Tracing } from '../support/tracing.ts'

const UPGRADE: api.SpanContext = {
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: 'b7ad6b7169203331',
  traceFlags: api.TraceFlags.SAMPLED,
}

function observerOf(tracing: Tracing) {
  return requestSpans(api, tracing.provider.getTracer('test'), () => UPGRADE)
}

describe('requestSpans()', () => {
  it('D-12 a request of the peer is a child of the trace that came with it, linked to the upgrade', () => {
    using tracing = new Tracing()
    const observer = observerOf(tracing)

    const asked = observer.asked('get', {})
    const served = observer.served('get', asked?.trace ?? null, {})
    served?.ended(null, true)
    asked?.ended(null, true)

    const [server, client] = tracing.spans
    expect(server).toMatchObject({
      name: 'get',
      kind: api.SpanKind.SERVER,
      attributes: { 'towpath.message.type': 'get' },
      parentSpanContext: { spanId: client?.spanContext().spanId },
      links: [{ context: UPGRADE }],
    })
    expect(server?.spanContext().traceId).toBe(client?.spanContext().traceId)
    expect(client?.kind).toBe(api.SpanKind.CLIENT)
  })

  it('D-12 a request without a trace is a root, also in the context of a handler', () => {
    using tracing = new Tracing()
    const tracer = tracing.provider.getTracer('test')
    const outer = tracer.startSpan('outer')

    api.context.with(api.trace.setSpan(api.context.active(), outer), () => {
      observerOf(tracing).served('get', null, {})?.ended(null, true)
    })

    expect(tracing.spans[0]?.parentSpanContext).toBe(undefined)
  })

  it('D-14 the handler of a request runs in the context of its span', () => {
    using tracing = new Tracing()
    const served = observerOf(tracing).served('get', null, {})

    const active = served?.run(() => api.trace.getActiveSpan()?.spanContext())
    served?.ended(null, true)

    expect(active).toEqual(tracing.spans[0]?.spanContext())
  })

  it('a failure is the error of its span', () => {
    using tracing = new Tracing()

    observerOf(tracing).served('get', null, {})?.ended('NOT_FOUND', true)

    expect(tracing.spans[0]).toMatchObject({
      attributes: { 'error.type': 'NOT_FOUND' },
      status: { code: api.SpanStatusCode.ERROR },
    })
  })

  it('what is no trace is ignored', () => {
    using tracing = new Tracing()

    observerOf(tracing).served('get', 'x'.repeat(50), {})?.ended(null, true)

    expect(tracing.spans[0]?.parentSpanContext).toBe(undefined)
  })
})

describe('traceRequests()', () => {
  it('observes the requests of one session', () => {
    using tracing = new Tracing()
    const session = {} as ClientSession // never looked into

    traceRequests(session, { tracerProvider: tracing.provider })
    const observer = requestObserverOf(session)
    const watch = observer?.asked('get', session, null)
    watch?.ended(null)

    expect(watch?.trace).toMatch(/^00-[\da-f]{32}-[\da-f]{16}-01$/)
    expect(tracing.spans.map(({ name }) => name)).toEqual(['get'])
  })
})
