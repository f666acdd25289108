/**
 * The one command: runs every check in the order that fails fastest, and stops at the first that
 * fails.
 *
 *     npm run check                     all of them
 *     npm run check -- --list           their names, one a line, and nothing is run
 *     npm run check -- --skip=test      all but the named ones
 */

import { spawnSync } from 'node:child_process'

/** The scripts of package.json that are the checks, in order. */
const CHECKS = [
  'format:check',
  'lint',
  'check:imports',
  'check:mirror',
  'check:prose',
  'check:sizes',
  'check:types',
  'build',
  'test:all',
  'check:objects',
  'check:examples',
  'check:start',
  'api:check',
  'check:package',
  'check:create',
  'site',
] as const

function main(args: readonly string[]): void {
  if (args.includes('--list')) {
    console.log(CHECKS.join('\n'))
    return
  }
  const skipped = args.filter((arg) => arg.startsWith('--skip=')).map((arg) => arg.slice(7))

  for (const check of CHECKS.filter((name) => !skipped.includes(name))) {
    const started = performance.now()
    console.log(`\n── ${check}`)
    const { status } = spawnSync('npm', ['run', '--silent', check], { stdio: 'inherit' })
    if (status !== 0) {
      console.error(`\nThe check "${check}" failed. Again, alone: npm run ${check}`)
      process.exitCode = 1
      return
    }
    console.log(`   ${check}: ${((performance.now() - started) / 1000).toFixed(1)} s`)
  }
  console.log('\nAll checks passed.')
}

main(process.argv.slice(2))
