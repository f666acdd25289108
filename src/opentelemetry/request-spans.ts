/**
 * The spans of typed requests, on either side.
 */

import type * as Api from '@opentelemetry/api'

import { observeRequests, type RequestObserver, type RequestWatch } from '../base/internal.ts'
import type { ClientSession, ReconnectingWebSocket } from '../client/index.ts'
import { loadApi, SCOPE } from './api.ts'

/** The options of `traceRequests`. */
export interface TraceRequestsOptions {
  /** Where spans go. @defaultValue the global provider */
  readonly tracerProvider?: Api.TracerProvider
}

/**
 * Makes a CLIENT span for each typed request of a client's session or connection, and sends its
 * context along. Call it before `typed` or `typedConnection`. For the sessions of a server, the
 * plugin `OpenTelemetry` does the same.
 */
export function traceRequests(
  session: ClientSession | ReconnectingWebSocket,
  options: TraceRequestsOptions = {},
): void {
  const api = loadApi('trace requests')
  const { tracerProvider = api.trace } = options
  observeRequests(
    session,
    requestSpans(api, tracerProvider.getTracer(SCOPE), () => null),
    (error) => api.diag.error('towpath: a request could not be traced', error),
  )
}

/**
 * Returns an observer that makes a span for each request: SERVER for a request of the peer, CLIENT
 * for a request of this side.
 *
 * @param upgradeOf the span of the upgrade that led to a session. Requests are linked to it.
 */
export function requestSpans(
  api: typeof Api,
  tracer: Api.Tracer,
  upgradeOf: (session: object) => Api.SpanContext | null,
): RequestObserver {
  const { context, propagation, trace, ROOT_CONTEXT, SpanKind } = api
  const start = (
    kind: Api.SpanKind,
    type: string,
    session: object,
    parent: Api.Context,
  ): Api.Span => {
    const upgrade = upgradeOf(session)
    const attributes = { 'towpath.message.type': type }
    const links = upgrade === null ? [] : [{ context: upgrade }]
    return tracer.startSpan(type, { kind, attributes, links }, parent)
  }
  return {
    asked(type, session) {
      const parent = context.active()
      const span = start(SpanKind.CLIENT, type, session, parent)
      const own = trace.setSpan(parent, span)
      const carrier: { traceparent?: string } = {}
      propagation.inject(own, carrier)
      return watchOf(api, span, own, carrier.traceparent ?? null)
    },
    served(type, traceparent, session) {
      // Not the context of the upgrade, which a session may outlive by days.
      const parent =
        traceparent === null ? ROOT_CONTEXT : propagation.extract(ROOT_CONTEXT, { traceparent })
      const span = start(SpanKind.SERVER, type ?? 'unknown', session, parent)
      return watchOf(api, span, trace.setSpan(parent, span), null)
    },
  }
}

function watchOf(
  { context, SpanStatusCode }: typeof Api,
  span: Api.Span,
  own: Api.Context,
  traceparent: string | null,
): RequestWatch {
  return {
    trace: traceparent,
    run: (handle) => context.with(own, handle),
    ended(failure) {
      if (failure !== null) {
        span.setAttribute('error.type', failure)
        span.setStatus({ code: SpanStatusCode.ERROR })
      }
      span.end()
    },
  }
}
