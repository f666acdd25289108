/** The upgrade of a request: its route, its call, and the attempt that decides it. */

import type { Environment } from '../../base/internal.ts'
import { decodeParameters, UpgradeCall } from '../calls/call.ts'
import { parseRequestTarget } from '../calls/request-target.ts'
import type { UpgradeOutcome, UpgradeRequest } from '../engine.ts'
import { guestOf } from '../guests.ts'
import type { UpgradeDependencies } from './decision.ts'
import { UpgradeAttempt } from './upgrade-attempt.ts'
import { runWatched } from './watched-upgrade.ts'

/** See `Application.upgrade`. The outcome comes at the latest when `handshakeTimeout` passes. */
export function decideUpgrade(
  dependencies: UpgradeDependencies,
  request: UpgradeRequest,
  environment: Environment,
  signal: AbortSignal | (() => AbortSignal),
): Promise<UpgradeOutcome> | UpgradeOutcome {
  const target = parseRequestTarget(request.target)
  const match = target === null ? null : dependencies.routes.find(target.path)
  if (match === null) return { type: 'unclaimed' }
  const { value: route, captures } = match
  const guest = guestOf(route)
  if (guest !== null) return guest.upgrade(request, environment, signal)
  if (request.comesAgain === true && route.needsEngineRequest()) return { type: 'unclaimed' }

  const parameters = decodeParameters(captures)
  const call = new UpgradeCall(dependencies, route, request, parameters ?? {})
  const attempt = new UpgradeAttempt(dependencies, call, environment, parameters !== null)
  const { hooks } = dependencies
  return hooks.length === 0 ? attempt.run(signal) : runWatched(attempt, hooks, signal)
}
