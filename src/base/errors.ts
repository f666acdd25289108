/** The base class of every error that Towpath creates, and how names stand in messages. */

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

const MAX_LENGTH = 64

/**
 * Returns a name in quotation marks, for a message: a peer or a caller may choose a very long name,
 * and messages go to logs. Of a name above 64 characters it returns the first 64 and the length:
 * `"rooms/aaa…" (100000 characters)`. The whole name belongs in a field of the error.
 */
export function quoteName(name: string): string {
  return name.length <= MAX_LENGTH
    ? `"${name}"`
    : `"${shorten(name, MAX_LENGTH)}" (${name.length} characters)`
}

/** Returns the first `max` characters of a text with `…`, or the text if it is not longer. */
export function shorten(text: string, max: number): string {
  if (text.length <= max) return text
  // Half of a surrogate pair is no character.
  const first = text.slice(0, max)
  return `${/[\uD800-\uDBFF]$/.test(first) ? first.slice(0, -1) : first}…`
}
