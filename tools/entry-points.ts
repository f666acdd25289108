/**
 * The entry points of the package, read from `exports` of package.json: what is public.
 */

import { readFileSync } from 'node:fs'

/** One way into the package. */
export interface EntryPoint {
  /** What a user imports: `towpath`, `towpath/testing`. */
  readonly specifier: string
  /** A name for files: `towpath`, `testing`. */
  readonly name: string
  /** The declarations, relative to the root of the repository: `dist/index.d.ts`. */
  readonly types: string
  /** The door in the sources: `src/index.ts`. */
  readonly source: string
}

/** Lists the entry points that hold code, in the order of package.json. */
export function entryPoints(): EntryPoint[] {
  // Our own file; the shape of what is read here is checked below.
  const manifest = JSON.parse(
    readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
  ) as { name: string; exports: Record<string, unknown> }

  return Object.entries(manifest.exports).flatMap(([path, target]) => {
    if (typeof target !== 'object' || target === null || !('types' in target)) return []
    if (typeof target.types !== 'string') return []
    const subpath = path.slice(1)
    return [
      {
        specifier: manifest.name + subpath,
        name: subpath === '' ? manifest.name : subpath.slice(1).replaceAll('/', '-'),
        types: target.types.replace(/^\.\//, ''),
        source: target.types.replace(/^\.\/dist\//, 'src/').replace(/\.d\.ts$/, '.ts'),
      },
    ]
  })
}
