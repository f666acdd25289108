/**
 * Finds the route of a path: the four operations that routing needs, on top of rou3.
 *
 * Only this file and the types of `path-parameters.ts` know rou3, so that another tree can replace
 * it. Static segments win over parameters, and parameters win over wildcards, whatever the order of
 * declaration. One slash at the end of a path is ignored.
 */

import { addRoute, compareRoutes, createRouter, findRoute, routeNodeKeys } from 'rou3'

import { requirePathPattern } from './path-pattern.ts'

/** The route of a path, and the captures of its pattern, still percent-encoded. */
export interface RouteMatch<Value> {
  readonly value: Value
  readonly captures: Readonly<Record<string, string>>
}

/** Values by path pattern. */
export interface RouteTree<Value> {
  /**
   * Checks that `pattern` is valid: `/`, text, `:name`, `:name?`, `**:name`, `**`.
   *
   * @throws {TypeError} with the reason if it is not.
   */
  check(pattern: string): void

  /** All patterns, in the order of their declaration. */
  readonly patterns: Iterable<string>

  /**
   * Returns the pattern in the tree that matches exactly the same paths as `pattern`, or `null`.
   */
  conflict(pattern: string): string | null

  /** Adds `value` at `pattern`, which must be checked and free of conflicts. */
  add(pattern: string, value: Value): void

  /** Returns the most specific route for `path`, a normalised percent-encoded path, or `null`. */
  find(path: string): RouteMatch<Value> | null
}

// Any method: the handshake checks the method.
const ANY_METHOD = ''

/** Returns an empty tree. */
export function createRouteTree<Value>(): RouteTree<Value> {
  const router = createRouter<{ readonly value: Value }>()
  // Patterns that match the same paths end on the same node, so only those are compared.
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
      return match === undefined
        ? null
        : { value: match.data.value, captures: match.params ?? NO_CAPTURES }
    },
  }
}

const NO_CAPTURES: RouteMatch<unknown>['captures'] = Object.freeze({})

/** Returns the nodes of the tree on which `pattern` ends. */
function parse(pattern: string): string[] {
  try {
    return routeNodeKeys(pattern)
  } catch (error) {
    throw new TypeError(
      `Cannot use path "${pattern}": the pattern is invalid (${reasonOf(error)})`,
      {
        cause: error,
      },
    )
  }
}

/** Returns rou3's message without the name at its beginning and the pattern at its end. */
function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  return message.replace(/^rou3: /, '').replace(/ \(\/[^]*\)$/, '')
}
