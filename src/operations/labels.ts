/**
 * Labels of metrics, bounded whatever clients send: each combination of labels is a time series,
 * which costs memory here and in the database.
 */

/** Stands for all values beyond a bound. */
export const OTHER = 'other'

/** The values of one label: the first `limit` that occur, and `other` for the rest. */
export class BoundedLabel {
  readonly #values = new Set<string>()
  readonly #limit: number

  constructor(limit: number) {
    this.#limit = limit
  }

  of(value: string): string {
    if (this.#values.has(value)) return value
    if (this.#values.size >= this.#limit) return OTHER
    this.#values.add(value)
    return value
  }
}

/**
 * Returns the label of a close code: the code itself from 1000 to 1015 and if it is listed, else
 * `3xxx`, `4xxx` or `other`.
 */
export function closeCodeLabel(code: number, listed: ReadonlySet<number>): string {
  if ((code >= 1000 && code <= 1015) || listed.has(code)) return String(code)
  if (code >= 3000 && code <= 4999) return `${Math.floor(code / 1000)}xxx`
  return OTHER
}

/**
 * Checks the option `closeCodes`.
 *
 * @throws {TypeError} unless it is a list of at most 100 whole numbers from 3000 to 4999.
 */
export function readCloseCodes(act: string, codes: unknown): ReadonlySet<number> {
  if (codes === undefined) return new Set()
  const isList = Array.isArray(codes) && codes.length <= 100 && codes.every(isOwnCode)
  if (isList) return new Set(codes as readonly number[]) // checked above
  throw new TypeError(
    `Cannot ${act}: option "closeCodes" is invalid, expected at most 100 codes from 3000 to 4999`,
  )
}

function isOwnCode(code: unknown): boolean {
  return Number.isInteger(code) && Number(code) >= 3000 && Number(code) <= 4999
}
