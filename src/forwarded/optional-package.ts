/**
 * Loads packages that a user need not have: the entry point can be imported without them, and the plugin says
 * what is missing when it is installed.
 */

import { createRequire } from 'node:module'

import { PackageMissingError } from './errors.ts'

// And not `import()`, which would make installing a plugin asynchronous.
const require = createRequire(import.meta.url)

/**
 * What `packageName` exports.
 *
 * @param act what cannot be done without it.
 * @throws {PackageMissingError} if it cannot be found.
 */
export function loadPackage(act: string, packageName: string): unknown {
  try {
    return require(packageName)
  } catch (error) {
    if (isNotFound(error)) throw new PackageMissingError(act, packageName, { cause: error })
    throw error
  }
}

function isNotFound(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'MODULE_NOT_FOUND'
}
