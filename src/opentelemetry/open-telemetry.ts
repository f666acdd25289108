/**
 * The plugin `OpenTelemetry`: the metrics and traces of an application.
 */

import type { MeterProvider, TracerProvider } from '@opentelemetry/api'

import { definePlugin, type Plugin } from '../application/index.ts'
import { addHooks, logFailure } from '../application/internal.ts'
import { observeRequests, readChoice } from '../base/internal.ts'
import { Observation, readCloseCodes } from '../operations/internal.ts'
import { loadApi, SCOPE } from './api.ts'
import { Instruments } from './instruments.ts'
import { requestSpans } from './request-spans.ts'
import { UpgradeSpans } from './upgrade-spans.ts'

/** The options of `OpenTelemetry`. */
export interface OpenTelemetryOptions {
  /** Where metrics go. @defaultValue the global provider */
  readonly meterProvider?: MeterProvider

  /** Where spans go. @defaultValue the global provider */
  readonly tracerProvider?: TracerProvider

  /**
   * Which spans are made: `upgrade` for upgrades alone, `messages` for upgrades and typed requests.
   * Events and untyped messages have no spans.
   *
   * @defaultValue 'messages'
   */
  readonly spans?: 'upgrade' | 'messages'

  /** See `PrometheusMetricsOptions.closeCodes`. @defaultValue none */
  readonly closeCodes?: readonly number[]
}

const ACT = 'install OpenTelemetry'

/**
 * Records metrics and spans of an application with the API of OpenTelemetry. Without an SDK nothing
 * is recorded. Needs the package `@opentelemetry/api`.
 *
 * An upgrade is a short SERVER span that ends with the answer. Its parent comes with the request.
 * The handler runs in the context of that span. No span is as long as a session.
 *
 * @example
 * app.install(OpenTelemetry)
 */
export const OpenTelemetry: Plugin<OpenTelemetryOptions, void> = definePlugin<OpenTelemetryOptions>(
  {
    name: 'OpenTelemetry',
    optionNames: ['meterProvider', 'tracerProvider', 'spans', 'closeCodes'],
    install(app, options) {
      const kinds = ['upgrade', 'messages'] as const
      const spans = readChoice(ACT, 'spans', options.spans, 'messages', kinds)
      const closeCodes = readCloseCodes(ACT, options.closeCodes)
      const api = loadApi(ACT)
      const { meterProvider = api.metrics, tracerProvider = api.trace } = options
      const instruments = new Instruments(meterProvider.getMeter(SCOPE))
      const observation = new Observation(app, closeCodes, instruments.recorder())
      instruments.readFrom(() => observation.snapshot())

      const tracer = tracerProvider.getTracer(SCOPE)
      const upgrades = new UpgradeSpans(api, tracer)
      addHooks(app, { upgradeBegins: (call, route) => upgrades.begin(call, route) })
      if (spans === 'upgrade') return
      observeRequests(
        app,
        requestSpans(api, tracer, (session) => upgrades.ofSession(session)),
        (error) => logFailure(app.logger, error, 'A request could not be traced'),
      )
    },
  },
)
