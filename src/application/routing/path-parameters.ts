/**
 * The types of path parameters: `'/rooms/:room/:tab?'` gives `{ room: string, tab: string |
 * undefined }`.
 */

import type { InferRouteParams } from 'rou3'

/** Parameters of a path that the compiler does not know. Every name may be absent. */
export type AnyParameters = Readonly<Record<string, string | undefined>>

/**
 * The parameters that `Path` captures. `:name` and `**:name` are strings, `:name?` may be absent,
 * and a bare wildcard is `'0'`. A `Path` of type `string` gives `AnyParameters`.
 */
export type PathParameters<Path extends string> = string extends Path
  ? AnyParameters
  : // `_` is rou3's old name for a bare wildcard, which we do not pass on.
    Readonly<Omit<InferRouteParams<Path>, '_'>>

/** The type of `joinPaths(Prefix, Path)`. */
export type JoinPaths<Prefix extends string, Path extends string> = string extends Prefix | Path
  ? string
  : Path extends '/'
    ? Prefix extends ''
      ? '/'
      : Prefix
    : `${Prefix extends `${infer Start}/` ? Start : Prefix}${Path}`

/**
 * Returns `path` below `prefix` (`''` at the root). A slash at the end of the prefix is ignored.
 */
export function joinPaths(prefix: string, path: string): string {
  if (path === '/') return prefix === '' ? '/' : prefix
  return (prefix.endsWith('/') ? prefix.slice(0, -1) : prefix) + path
}
