/**
 * The spans of upgrades. Each ends with the answer: backends cut or lose spans that are as long as
 * a session.
 */

import type * as Api from '@opentelemetry/api'

import type { ApplicationCall, ApplicationRequest } from '../application/index.ts'
import type { UpgradeWatch } from '../application/internal.ts'

/** Makes the spans of one application. */
export class UpgradeSpans {
  readonly #api: typeof Api
  readonly #tracer: Api.Tracer
  /** The span of each call, for the links of its requests. */
  readonly #spans = new WeakMap<object, Api.SpanContext>()

  constructor(api: typeof Api, tracer: Api.Tracer) {
    this.#api = api
    this.#tracer = tracer
  }

  /** An upgrade begins. Its parent is what the headers of the request carry. */
  begin(call: ApplicationCall, route: string): UpgradeWatch {
    const { context, propagation, trace, SpanKind, SpanStatusCode } = this.#api
    const { headers, origin } = call.request
    const parent = propagation.extract(context.active(), headers, HEADERS)
    const attributes = {
      'http.request.method': 'GET',
      'http.route': route,
      'url.scheme': origin.scheme,
    }
    const options = { kind: SpanKind.SERVER, attributes }
    const span = this.#tracer.startSpan(`GET ${route}`, options, parent)
    this.#spans.set(call, span.spanContext())
    return {
      run: (decide) => context.with(trace.setSpan(parent, span), decide),
      ended: ({ status, reason, cause }) => {
        span.setAttribute('http.response.status_code', status)
        if (reason !== null) span.setAttribute('error.type', reason)
        if (status >= 500) {
          if (cause instanceof Error) span.recordException(cause)
          span.setStatus({ code: SpanStatusCode.ERROR })
        }
        span.end()
      },
    }
  }

  /** Returns the span of the upgrade that led to `session`; `null` if there is none. */
  ofSession(session: object): Api.SpanContext | null {
    const { call } = session as { readonly call?: unknown } // of sessions of servers
    return typeof call === 'object' && call !== null ? (this.#spans.get(call) ?? null) : null
  }
}

const HEADERS: Api.TextMapGetter<ApplicationRequest['headers']> = {
  keys: (headers) => [...headers].map(([name]) => name),
  get: (headers, name) => headers.get(name) ?? undefined,
}
