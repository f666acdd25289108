/** An upgrade of an application whose plugins watch upgrades: see `ApplicationHooks`. */

import { captureContext } from '../async-context.ts'
import type { UpgradeOutcome } from '../engine.ts'
import type { ApplicationHooks, UpgradeEnd } from '../hooks.ts'
import type { UpgradeAttempt } from './upgrade-attempt.ts'

/** Runs `attempt`, and tells its beginning and its end to `hooks`. */
export function runWatched(
  attempt: UpgradeAttempt,
  allHooks: readonly ApplicationHooks[],
  signal: AbortSignal | (() => AbortSignal),
): Promise<UpgradeOutcome> | UpgradeOutcome {
  // Usually none watches. Then no list is made.
  if (!allHooks.some(isWatching)) return attempt.run(signal)
  const hooks = allHooks.filter(isWatching)
  const { call, environment } = attempt
  const startedAt = environment.clock.now()
  const watches = hooks.flatMap(({ upgradeBegins }) => upgradeBegins?.(call, call.route.path) ?? [])
  const ended = (outcome: UpgradeOutcome): void => {
    const durationMs = environment.clock.now() - startedAt
    const end = endOf(attempt, outcome, durationMs)
    for (const watch of watches) watch.ended(end)
    for (const { upgradeEnds } of hooks) upgradeEnds?.(end)
  }
  const decide = (): Promise<UpgradeOutcome> | UpgradeOutcome => {
    // The handler runs in this context, unless interceptors make an inner one.
    if (watches.length > 0) call.context = captureContext()
    return attempt.run(signal)
  }
  const run = watches.reduceRight((inner, watch) => () => watch.run(inner), decide)
  const outcome = run()
  if (!(outcome instanceof Promise)) ended(outcome)
  else void outcome.then(ended)
  return outcome
}

function isWatching({ watchesUpgrades }: ApplicationHooks): boolean {
  return watchesUpgrades?.() !== false
}

function endOf(
  { call, refusal }: UpgradeAttempt,
  outcome: UpgradeOutcome,
  durationMs: number,
): UpgradeEnd {
  const accepted = call.raw.bootstrap === 'connect' ? 200 : 101
  return {
    route: call.route.path,
    status: outcome.type === 'refused' ? outcome.status : accepted,
    reason: refusal?.reason ?? null,
    cause: refusal?.cause ?? null,
    durationMs,
  }
}
