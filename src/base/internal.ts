/** The names of the foundation for other folders, beside `index.ts`. */

export { addAbortListener, removeAbortListener, untilAborted } from './abort-listeners.ts'
export { asError, isInstance, isThenable, kindOf } from './any-value.ts'
export { Deferred, handled, rejected, whenKnown } from './deferred.ts'
export { delayOn, clockBelow, delayingClock } from './delay.ts'
export { sumInMilliseconds, toMilliseconds } from './duration.ts'
export type { DurationLimits } from './duration.ts'
export { type Environment, poolRandom, randomFraction } from './environment.ts'
export { quoteName, shorten } from './errors.ts'
export { type LoopShare, loopShareOf, type LoopTurns } from './loop-share.ts'
export {
  readChoice,
  readDuration,
  readOptionalTimeLimit,
  readPeriod,
  readSwitch,
  readTimeLimit,
  requireNoBareSeconds,
  readWholeNumber,
  requireFunction,
  requireKnownNames,
  requireObject,
  requireSynchronous,
  WHOLE_OR_INFINITE,
} from './options/option-check.ts'
export type { NumberRange } from './options/option-check.ts'
export { optionReader } from './options/option-reader.ts'
export {
  abortSignal,
  callback,
  checked,
  choice,
  duration,
  flag,
  nested,
  numberBetween,
  optionTable,
  orNull,
  timeLimit,
  wholeBetween,
  wholeNumber,
  wholeOrInfinite,
} from './options/option-table.ts'
export type {
  OptionReader,
  OptionRule,
  OptionRules,
  OptionTable,
  SettingsOf,
} from './options/option-table.ts'
export { callSafely, runOnce } from './observers/guarded-call.ts'
export { observeRequests, requestObserverOf } from './observers/request-observer.ts'
export type {
  ReportedRequest,
  RequestObserver,
  RequestReports,
  RequestWatch,
} from './observers/request-observer.ts'
export { PerTurn } from './per-turn.ts'
export { sessionClockOf } from './session-clock.ts'
export type { HasClock } from './session-clock.ts'
export { systemClock, waitingClock, waitingSystemClock } from './system-clock.ts'
export { TaskScope } from './task-scope.ts'
export type { TaskScopeOptions } from './task-scope.ts'
export { TimerWheel } from './timer-wheel.ts'
export type { WheelTimer } from './timer-wheel.ts'
export { TokenBucket } from './token-bucket.ts'
