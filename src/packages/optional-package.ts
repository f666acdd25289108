/**
 * Loads packages that a user need not have. An entry point can be imported without them; what needs
 * them says which package is missing.
 */

import { createRequire } from 'node:module'

import { PackageMissingError } from './errors.ts'

// And not `import()`, which would make installing a plugin asynchronous.
const require = createRequire(import.meta.url)

/**
 * Returns what `packageName` exports.
 *
 * @param act what cannot be done without it.
 * @param range the versions that are known to work, for the message.
 * @throws {PackageMissingError} if it cannot be found.
 */
export function loadPackage(act: string, packageName: string, range?: string): unknown {
  try {
    return require(packageName)
  } catch (error) {
    if (isNotFound(error)) throw new PackageMissingError(act, packageName, { cause: error, range })
    throw error
  }
}

function isNotFound(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'MODULE_NOT_FOUND'
}
