/**
 * `npm start`: says at once what happens, then loads `start.ts`. This file is plain JavaScript, so
 * that it also runs in a clone without `node_modules`.
 */

import { existsSync } from 'node:fs'
import process from 'node:process'

if (existsSync(new URL('../node_modules/tsx', import.meta.url))) {
  process.stdout.write('Starting the examples of Towpath …\n')
  const { register } = await import('tsx/esm/api')
  register()
  const { start } = await import('./start.ts')
  await start()
} else {
  process.stderr.write(
    'Cannot start the examples: the development tools are not installed, expected "npm ci" first\n',
  )
  process.exitCode = 1
}
