/**
 * `towpath/opentelemetry`: metrics and traces by way of the API of OpenTelemetry.
 */

export { OpenTelemetry } from './open-telemetry.ts'
export type { OpenTelemetryOptions } from './open-telemetry.ts'
export { traceRequests } from './request-spans.ts'
export type { TraceRequestsOptions } from './request-spans.ts'
