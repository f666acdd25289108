/**
 * Which route a path belongs to: the four functions that routing needs, over rou3.
 *
 * Nothing else in Towpath knows rou3 (but for the types of `path-parameters.ts`), so that another tree can
 * take its place. Static segments win over parameters, and those over wildcards, whatever the order of
 * declaration; one slash at the end of a path is ignored.
 */

import { addRoute, compareRoutes, createRouter, findRoute, routeNodeKeys } from 'rou3'

import { requirePathPattern } from './path-pattern.ts'

/** What a path led to: the value of its route, and what the pattern captured, still percent-encoded. */
export interface RouteMatch<Value> {
  readonly value: Value
  readonly captures: Readonly<Record<string, string>>
}

/** Values by the patterns of their paths. */
export interface RouteTree<Value> {
  /**
   * Makes sure that `pattern` means something: `/`, text, `:name`, `:name?`, `**:name`, `**`.
   *
   * @throws {TypeError} when it does not, with the reason.
   */
  check(pattern: string): void

  /** All patterns, in the order of their declaration. */
  readonly patterns: Iterable<string>

  /** The pattern in the tree that matches exactly the paths that `pattern` does; `null` when there is none. */
  conflict(pattern: string): string | null

  /** Puts `value` at `pattern`, which has been checked and has no conflict. */
  add(pattern: string, value: Value): void

  /** The most specific route for `path`, a normalised path that is still percent-encoded; `null` for none. */
  find(path: string): RouteMatch<Value> | null
}

// Every method: what a request must look like is the handshake's business, not the tree's.
const ANY_METHOD = ''

/** An empty tree. */
export function createRouteTree<Value>(): RouteTree<Value> {
  const router = createRouter<{ readonly value: Value }>()
  // Patterns that match the same paths end on the same node, so only those need be compared.
  const patternsByNode = new Map<string, string[]>()
  const patterns: string[] = []

  return {
    patterns,

    check(pattern) {
      requirePathPattern(pattern)
      parse(pattern)
    },

    conflict(pattern) {
      for (const node of parse(pattern)) {
        for (const other of patternsByNode.get(node) ?? []) {
          if (compareRoutes(other, pattern) === 'equal') return other
        }
      }
      return null
    },

    add(pattern, value) {
      patterns.push(pattern)
      for (const node of parse(pattern)) {
        const others = patternsByNode.get(node)
        if (others === undefined) patternsByNode.set(node, [pattern])
        else others.push(pattern)
      }
      addRoute(router, ANY_METHOD, pattern, { value })
    },

    find(path) {
      const match = findRoute(router, ANY_METHOD, path)
      return match === undefined ? null : { value: match.data.value, captures: match.params ?? {} }
    },
  }
}

/** The nodes of the tree that `pattern` ends on. */
function parse(pattern: string): string[] {
  try {
    return routeNodeKeys(pattern)
  } catch (error) {
    throw new TypeError(
      `Cannot use path "${pattern}": it is not a path pattern (${reasonOf(error)})`,
      {
        cause: error,
      },
    )
  }
}

/** What rou3 says, without its own name in front and the pattern behind. */
function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  return message.replace(/^rou3: /, '').replace(/ \(\/[^]*\)$/, '')
}
