/**
 * The entry points of the package, read from `exports` of package.json: what is public.
 */

import { readFileSync } from 'node:fs'

/** One way into the package. */
export interface EntryPoint {
  /** What a user imports: `towpath`, `towpath/testing`. */
  readonly specifier: string
  /** A name for files: `towpath`, `testing`, `client-browser`. */
  readonly name: string
  /** The declarations, relative to the root of the repository: `dist/index.d.ts`. */
  readonly types: string
  /** The door in the sources: `src/index.ts`. */
  readonly source: string
}

/** Lists the entry points that hold code, in the order of package.json. */
export function entryPoints(): EntryPoint[] {
  return exportsOf().flatMap(([path, target]) => entryOf(path, target, ''))
}

/**
 * Lists the entry points that bundlers take for browsers instead. One that has a name of its own,
 * such as `towpath/client/browser`, is already in `entryPoints()`.
 */
export function browserEntryPoints(): EntryPoint[] {
  const named = new Set(entryPoints().map(({ types }) => types))
  return exportsOf()
    .flatMap(([path, target]) =>
      isRecord(target) ? entryOf(path, target['browser'], '-browser') : [],
    )
    .filter(({ types }) => !named.has(types))
}

const MANIFEST = new URL('../package.json', import.meta.url)

// Our own file; the shape of what is read here is checked below.
const manifest = JSON.parse(readFileSync(MANIFEST, 'utf8')) as {
  name: string
  exports: Record<string, unknown>
}

function exportsOf(): ReadonlyArray<readonly [path: string, target: unknown]> {
  return Object.entries(manifest.exports)
}

function entryOf(path: string, target: unknown, suffix: string): EntryPoint[] {
  if (!isRecord(target) || typeof target['types'] !== 'string') return []
  const types = target['types']
  const subpath = path.slice(1)
  const name = subpath === '' ? manifest.name : subpath.slice(1).replaceAll('/', '-')
  return [
    {
      specifier: manifest.name + subpath,
      name: name + suffix,
      types: types.replace(/^\.\//, ''),
      source: types.replace(/^\.\/dist\//, 'src/').replace(/\.d\.ts$/, '.ts'),
    },
  ]
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
