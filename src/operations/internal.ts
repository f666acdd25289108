/**
 * The door of what metrics observe, for the folders of the systems that store metrics.
 */

export { BoundedLabel, closeCodeLabel, OTHER, readCloseCodes } from './labels.ts'
export { BUCKETS, KIND_GAUGES, KIND_SUMS, METRICS } from './names.ts'
export type { MetricKey, MetricName } from './names.ts'
export { Observation } from './observation.ts'
export { DIRECTIONS } from './scrape-sums.ts'
export type {
  Recorder,
  RequestLabels,
  SessionLabels,
  Snapshot,
  UpgradeLabels,
} from './observation.ts'
