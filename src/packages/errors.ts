/**
 * The error of a part of Towpath whose work is done by a package that is not installed.
 */

import { TowpathError } from '../base/index.ts'

/** An optional package is needed and not installed. */
export class PackageMissingError extends TowpathError {
  override readonly name = 'PackageMissingError'
  readonly code = 'TOWPATH_PACKAGE_MISSING'

  /** The name of the package. */
  readonly packageName: string

  /**
   * @param act what cannot be done without it, such as `install ForwardedHeaders`.
   * @param options `range` is what to install, such as `^2.1.4`; without it, any version.
   */
  constructor(
    act: string,
    packageName: string,
    options: { readonly cause: unknown; readonly range?: string | undefined },
  ) {
    const { range, cause } = options
    const wanted = range === undefined ? packageName : `${packageName}@${range}`
    super(
      `Cannot ${act}: package "${packageName}" is not installed, expected npm install ${wanted}`,
      { cause },
    )
    this.packageName = packageName
  }
}
