/**
 * OpenTelemetry in memory: spans that a test can read, and the global parts of the API.
 */

import { context, propagation } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base'

/** A provider that keeps its spans, with contexts and W3C headers. Disposing of it resets all. */
export class Tracing implements Disposable {
  readonly provider: BasicTracerProvider
  readonly #exporter = new InMemorySpanExporter()

  constructor() {
    this.provider = new BasicTracerProvider({
      spanProcessors: [new SimpleSpanProcessor(this.#exporter)],
    })
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
    propagation.setGlobalPropagator(new W3CTraceContextPropagator())
  }

  /** The spans that have ended, in order. */
  get spans(): ReadableSpan[] {
    return this.#exporter.getFinishedSpans()
  }

  [Symbol.dispose](): void {
    context.disable()
    propagation.disable()
  }
}
