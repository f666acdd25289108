/**
 * Checks the path of a route where the route is declared. A path in the notation of another
 * framework would match nothing, or too much.
 */

/** One kind of invalid notation, with its reason and the right notation. */
interface Mistake {
  readonly found: RegExp
  readonly reason: string
  readonly expected: (pattern: string) => string
}

const MISTAKES: readonly Mistake[] = [
  {
    found: /[{}]/,
    reason: 'braces are invalid',
    expected: (pattern) => `parameters as in "${withColons(pattern)}"`,
  },
  {
    // `**` and `**:name` are allowed, as whole segments only.
    found: /\/(?!\*\*(?::[^/*]+)?(?:\/|$))[^/]*\*/,
    reason: '* does not match a single segment',
    expected: () => '":name" for one segment, "**:name" for the rest',
  },
  {
    found: /[()]/,
    reason: 'expressions are not supported',
    expected: () => 'a path without them, or ":name" for the segment',
  },
  {
    found: /\/:[^/]+\+(?:\/|$)/,
    reason: '+ is invalid',
    expected: () => '"**:name" for several segments',
  },
  {
    found: /[#\\]/,
    reason: 'request paths never contain # or \\',
    expected: () => 'a path without them',
  },
  {
    found: /\/\.\.?(?:\/|$)/,
    reason: '. and .. are resolved before matching',
    expected: () => 'the resolved path',
  },
]

/**
 * Checks the notation of `pattern`.
 *
 * @throws {TypeError} that shows the right notation.
 */
export function requirePathPattern(pattern: string): void {
  const mistake = MISTAKES.find(({ found }) => found.test(pattern))
  if (mistake === undefined) return
  const { reason, expected } = mistake
  throw new TypeError(
    `Cannot use path "${pattern}": the pattern is invalid (${reason}), expected ${expected(pattern)}`,
  )
}

/** Translates Ktor's `{id}`, `{id?}` and `{rest...}`, and the notations of ASP.NET and OpenAPI. */
function withColons(pattern: string): string {
  return pattern
    .replace(/\{\*{0,2}(\w+)\.\.\.\}|\{\*{1,2}(\w+)\}/g, (_, ktor, other) => `**:${ktor ?? other}`)
    .replace(/\{(\w+)(\??)[^}]*\}/g, ':$1$2')
    .replace(/[{}]/g, '')
}
