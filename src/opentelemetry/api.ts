/**
 * The API of OpenTelemetry, which a user need not have installed.
 */

import type * as Api from '@opentelemetry/api'

import { loadPackage } from '../packages/index.ts'

/**
 * Loads the API. All copies of it share their global state.
 *
 * @throws {PackageMissingError} if it is not installed.
 */
export function loadApi(act: string): typeof Api {
  return loadPackage(act, '@opentelemetry/api', '^1.9.0') as typeof Api
}

/** The name under which tracers and meters are asked for. */
export const SCOPE = 'towpath'
