/**
 * `npm start`, after `start.mjs`: builds the library if its sources have changed, then serves the
 * examples.
 *
 * The programs run from their TypeScript sources. The build is for the pages, which load the
 * compiled client.
 */

import { spawnSync } from 'node:child_process'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { listFiles } from './list-files.ts'
import { runTool } from './run-tool.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

/**
 * Whether the compiled library is missing or older than one of its sources.
 *
 * @param root the folder that holds `src/` and `dist/`.
 */
export function needsBuild(root: string): boolean {
  const built = statSync(join(root, 'dist/index.js'), { throwIfNoEntry: false })
  if (built === undefined) return true
  const inputs = listFiles(join(root, 'src'), '.ts').map((file) => `src/${file}`)
  return inputs.some((file) => statSync(join(root, file)).mtimeMs > built.mtimeMs)
}

/** Builds if it is necessary, and serves the examples until a signal. */
export function start(): Promise<void> {
  return runTool(buildAndServe)
}

async function buildAndServe(): Promise<void> {
  if (needsBuild(ROOT)) {
    process.stdout.write('Building the library for the pages, about 15 seconds …\n')
    const { status } = spawnSync('npm', ['run', '--silent', 'build'], {
      cwd: ROOT,
      stdio: 'inherit',
    })
    if (status !== 0) throw new Error('Cannot start the examples: the build failed, see above')
  }
  await import('../examples/start.ts')
}
