/** The base class of every error that Towpath creates. */

/**
 * An error of Towpath. Callers branch on `code`, never on `message`: codes are stable, are listed
 * in `docs/errors.md`, and are not reused. Details (sizes, limits, names) are in fields of the
 * subclasses.
 *
 * Invalid arguments throw `TypeError` and `RangeError` instead.
 */
export abstract class TowpathError extends Error {
  /** A stable and documented code: `TOWPATH_` and upper case. */
  abstract readonly code: string
}
