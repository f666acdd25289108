/**
 * Bundles for browsers, made by Vite as pages make them.
 */

import { fileURLToPath } from 'node:url'
import { build } from 'vite'

/**
 * One script of ES modules, minified, from the module at `entry` (a path below the root of the
 * package).
 */
export async function bundle(entry: string): Promise<string> {
  const output = await build({
    configFile: false,
    logLevel: 'warn',
    root: fileURLToPath(new URL('../..', import.meta.url)),
    build: {
      write: false,
      modulePreload: false,
      rolldownOptions: { input: entry, preserveEntrySignatures: 'strict' },
    },
  })
  const chunks = (Array.isArray(output) ? output : [output]).flatMap((each) =>
    'output' in each ? each.output : [],
  )
  const [chunk] = chunks
  if (chunk === undefined || chunk.type !== 'chunk' || chunks.length !== 1) {
    throw new Error(
      `Cannot bundle ${entry}: it came to ${chunks.length} files, expected one script`,
    )
  }
  return chunk.code
}
