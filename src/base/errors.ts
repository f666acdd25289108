/**
 * The one base class of every error that Towpath makes.
 */

/**
 * An error of Towpath. Callers branch on `code`, never on `message`: codes are stable, are listed
 * in `docs/errors.md`, and are not reused. Facts (sizes, limits, names) are in fields of the
 * subclasses.
 *
 * Wrong arguments are not of this kind: they are `TypeError` and `RangeError`.
 */
export abstract class TowpathError extends Error {
  /** Stable and documented, `TOWPATH_` and upper case. */
  abstract readonly code: string
}
