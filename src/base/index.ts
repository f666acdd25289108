/**
 * The public names of the foundation: durations, typed attributes, time, and the base class of
 * errors.
 */

export { AttributeKey, Attributes, MissingAttributeError } from './attributes.ts'
export type { Clock } from './clock.ts'
export type { DelayOptions, WaitingClock } from './delay.ts'
export { hours, milliseconds, minutes, seconds } from './duration.ts'
export type { Duration, DurationFields } from './duration.ts'
export { TowpathError } from './errors.ts'
export { ScopeEndedError } from './task-scope.ts'
export { VirtualClock } from './virtual-clock.ts'
export type { VirtualClockOptions } from './virtual-clock.ts'
