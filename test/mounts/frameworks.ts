/**
 * The frameworks of this folder. They are no dependencies of the package: `npm run mounts:setup`
 * puts them into `test/mounts/node_modules`. Without them the tests are skipped; in CI they fail.
 */

import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)

/** Whether CI runs, which never skips. */
const IS_REQUIRED = process.env['TOWPATH_MOUNTS'] === 'required'

/** The reason to skip the tests of these packages; `null` when they are installed, or must be. */
export function missing(...packages: readonly string[]): string | null {
  if (IS_REQUIRED) return null
  const absent = packages.filter((name) => !isInstalled(name))
  return absent.length === 0 ? null : `${absent.join(', ')} not installed: npm run mounts:setup`
}

/**
 * Returns what a package exports. The root has no types of frameworks, so the caller describes the
 * part that it uses.
 */
export function load<Module>(name: string): Module {
  const loaded = require(name) as { default?: Module } & Module // the caller knows the package
  return loaded.default ?? loaded
}

function isInstalled(name: string): boolean {
  try {
    require.resolve(name)
    return true
  } catch {
    return false
  }
}
