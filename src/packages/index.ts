/**
 * Packages that a user need not have.
 */

export { PackageMissingError } from './errors.ts'
export { loadPackage } from './optional-package.ts'
