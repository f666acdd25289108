/**
 * `towpath/prometheus`: metrics for Prometheus, by way of prom-client.
 */

export { PrometheusMetrics } from './prometheus-metrics.ts'
export type { PrometheusMetricsInstance, PrometheusMetricsOptions } from './prometheus-metrics.ts'
