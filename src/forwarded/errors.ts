/**
 * The error of a plugin whose work is done by a package that is not there.
 */

import { TowpathError } from '../base/index.ts'

/** A plugin is installed into an application, and a package that it needs is not installed by npm. */
export class PackageMissingError extends TowpathError {
  override readonly name = 'PackageMissingError'
  readonly code = 'TOWPATH_PACKAGE_MISSING'

  /** The name of the package. */
  readonly packageName: string

  /** @param act what cannot be done without it, such as `install ForwardedHeaders`. */
  constructor(act: string, packageName: string, options: { readonly cause: unknown }) {
    super(
      `Cannot ${act}: package "${packageName}" is not installed, expected npm install ${packageName}`,
      options,
    )
    this.packageName = packageName
  }
}
