/**
 * What a route's path may look like: checked where the route is declared, because a path that is spelt as
 * another framework spells it would match nothing, or too much.
 */

/** What is wrong with one kind of spelling, and what would do. */
interface Mistake {
  readonly found: RegExp
  readonly reason: string
  readonly expected: (pattern: string) => string
}

const MISTAKES: readonly Mistake[] = [
  {
    found: /[{}]/,
    reason: 'braces have no meaning',
    expected: (pattern) => `parameters as in "${withColons(pattern)}"`,
  },
  {
    // Only `**` and `**:name`, as whole segments.
    found: /\/(?!\*\*(?::[^/*]+)?(?:\/|$))[^/]*\*/,
    reason: 'a star stands for no single segment',
    expected: () => '":name" for one segment, "**:name" for the rest',
  },
  {
    found: /[()]/,
    reason: 'parentheses would be an expression',
    expected: () => 'a path without them, or ":name" for the segment',
  },
  {
    found: /\/:[^/]+\+(?:\/|$)/,
    reason: 'a plus has no meaning',
    expected: () => '"**:name" for several segments',
  },
  {
    found: /[#\\]/,
    reason: 'no request has # or \\ in its path',
    expected: () => 'a path without them',
  },
  {
    found: /\/\.\.?(?:\/|$)/,
    reason: 'dots are resolved before paths are matched',
    expected: () => 'the path that they lead to',
  },
]

/**
 * Makes sure that `pattern` is spelt in our way.
 *
 * @throws {TypeError} with the right spelling.
 */
export function requirePathPattern(pattern: string): void {
  const mistake = MISTAKES.find(({ found }) => found.test(pattern))
  if (mistake === undefined) return
  const { reason, expected } = mistake
  throw new TypeError(
    `Cannot use path "${pattern}": it is not a path pattern (${reason}), expected ${expected(pattern)}`,
  )
}

/** Ktor's `{id}`, `{id?}` and `{rest...}`, and what ASP.NET and OpenAPI write alike. */
function withColons(pattern: string): string {
  return pattern
    .replace(/\{\*{0,2}(\w+)\.\.\.\}|\{\*{1,2}(\w+)\}/g, (_, ktor, other) => `**:${ktor ?? other}`)
    .replace(/\{(\w+)(\??)[^}]*\}/g, ':$1$2')
    .replace(/[{}]/g, '')
}
