/**
 * Ends all sessions of an application: it closes them in batches, and drops the rest at a deadline.
 */

import {
  Deferred,
  requireKnownNames,
  requireNoBareSeconds,
  requireObject,
  toMilliseconds,
} from '../../base/internal.ts'
import type { Clock } from '../../base/index.ts'
import type { StopCounts, StopOptions } from '../stop-options.ts'
import type { ReconnectHints } from './reconnect-hints.ts'
import type { SessionControl, SessionRegistry } from './session-registry.ts'

/** The checked options of `stop`, in milliseconds. */
export interface DrainTimes {
  readonly lead: number
  readonly grace: number
  readonly timeout: number
  /** `null`: clients get no hint when to reconnect. */
  readonly reconnectWithin: number | null
}

const NAMES = ['lead', 'grace', 'timeout', 'reconnectWithin'] as const

const DEFAULT_GRACE_MS = 1_000
const DEFAULT_TIMEOUT_MS = 15_000

// Enough that clients of different batches reconnect at different times, with few timers.
const MAX_BATCHES = 20

/** Sessions that are ended in one turn of the event loop: about 3 ms of work. */
const ENDS_PER_TURN = 64

/**
 * Checks the options of `stop`.
 *
 * @param act what the options are for, for error messages.
 * @throws {TypeError | RangeError} for an invalid option, or a `timeout` below `grace`.
 */
export function readStopOptions(
  options: StopOptions,
  act: string = 'stop the application',
): DrainTimes {
  requireObject(act, 'the options argument', options)
  requireKnownNames(act, options, NAMES)
  for (const name of NAMES) {
    requireNoBareSeconds(act, name, options[name])
  }
  const timeout = toMilliseconds(options.timeout ?? DEFAULT_TIMEOUT_MS, 'timeout')
  const grace = toMilliseconds(options.grace ?? Math.min(DEFAULT_GRACE_MS, timeout), 'grace')
  const lead = toMilliseconds(options.lead ?? 0, 'lead')
  const { reconnectWithin: within = null } = options
  const reconnectWithin = within === null ? null : toMilliseconds(within, 'reconnectWithin')
  if (grace <= timeout) return { lead, grace, timeout, reconnectWithin }
  throw new RangeError(
    `Cannot ${act}: timeout is ${timeout} ms, expected at least the grace of ${grace} ms`,
  )
}

/** Returns checked times as options, with a unit: `readStopOptions` refuses small bare numbers. */
export function toStopOptions({ lead, grace, timeout, reconnectWithin }: DrainTimes): StopOptions {
  return {
    lead: { milliseconds: lead },
    grace: { milliseconds: grace },
    timeout: { milliseconds: timeout },
    reconnectWithin: reconnectWithin === null ? null : { milliseconds: reconnectWithin },
  }
}

/** Closes `sessions` in batches, awaits them, and drops those that remain at the deadline. */
export async function drain(
  sessions: SessionRegistry,
  clock: Clock,
  times: Pick<DrainTimes, 'grace' | 'timeout'>,
  reconnectHints: ReconnectHints,
): Promise<StopCounts> {
  const before = sessions.opened - sessions.size
  const closing = closeInBatches(sessions, clock, times.grace, reconnectHints)
  await withinMs(clock, times.timeout, sessions.whenEmpty())
  closing[Symbol.dispose]()

  const aborted = sessions.size
  await inTurns(sessions.controls, (control) => control.terminate())
  const total = sessions.opened - before
  return { sessions: total, closed: total - aborted, aborted }
}

/** Resolves when `task` resolves, or after `limitMs`. `task` must never reject. */
export async function withinMs(clock: Clock, limitMs: number, task: Promise<void>): Promise<void> {
  const deadline = new Deferred<void>()
  const timer = clock.setTimer(limitMs, () => deadline.resolve())
  await Promise.race([task, deadline.promise])
  timer[Symbol.dispose]()
}

/**
 * Closes the first batch at once and the others at equal intervals. Disposing of the result cancels
 * the remaining batches.
 */
function closeInBatches(
  sessions: SessionRegistry,
  clock: Clock,
  graceMs: number,
  reconnectHints: ReconnectHints,
): Disposable {
  const all = sessions.controls
  const batches = Math.max(1, Math.min(all.length, graceMs > 0 ? MAX_BATCHES : 1))
  const size = Math.ceil(all.length / batches)
  let timer: Disposable | null = null

  function closeBatch(index: number): void {
    timer = null
    const batch = all.slice(index * size, (index + 1) * size)
    void inTurns(batch, (control) => control.goAway(reconnectHints.closeMessage()))
    if ((index + 1) * size >= all.length) return
    timer = clock.setTimer(graceMs / batches, () => closeBatch(index + 1))
  }

  closeBatch(0)
  return {
    [Symbol.dispose]: () => timer?.[Symbol.dispose](),
  }
}

/**
 * Calls `end` for each of `controls`, for a limited number in each turn of the event loop: the
 * other sessions, timers and signals get their turns in between. Never rejects.
 */
async function inTurns(
  controls: readonly SessionControl[],
  end: (control: SessionControl) => void,
): Promise<void> {
  for (const [index, control] of controls.entries()) {
    if (index > 0 && index % ENDS_PER_TURN === 0) {
      const turned = new Deferred<void>()
      control.environment.deferPastTurn(() => turned.resolve(), null)
      await turned.promise
    }
    end(control)
  }
}
