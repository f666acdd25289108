/**
 * Compares two revisions of Towpath: `node bench/compare.mjs <rev A> <rev B>`.
 *
 * Each gets a git worktree in a temporary folder, its dependencies and its build; then the servers
 * of both take turns (A B, B A) under this tree's server program and load generator. Ratios are A ÷ B, round by
 * round: on CPU, above 1 means that B is cheaper. Run it twice before believing a few percent.
 */

import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import os from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'

import { ROOT } from './harness/folders.mjs'
import { compileLoad } from './harness/prepare.mjs'
import { measureCase } from './harness/rounds.mjs'
import { SERVERS } from './harness/servers.mjs'
import { asText, caseTable } from './harness/table.mjs'
import { SCENARIOS } from './scenarios/index.mjs'

const HELP = `node bench/compare.mjs <rev A> <rev B> [options]

  --scenarios a,b       echo by default
  --shapes 64x1x32,…    connections x in flight x bytes, for echo
  --rounds n            rounds of each case (7)
  --seconds s           length of one measurement (0.7)
  --cores s,l           cores of the server and of the load (0,1)
  --transport stream    keeps to Node's public stream interface

"." stands for the working tree as it is built in dist/.
`

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    help: { type: 'boolean', default: false },
    scenarios: { type: 'string', default: 'echo' },
    shapes: { type: 'string' },
    rounds: { type: 'string', default: '7' },
    seconds: { type: 'string', default: '0.7' },
    cores: { type: 'string', default: '0,1' },
    transport: { type: 'string' },
  },
})
if (options.help || positionals.length !== 2) {
  process.stdout.write(HELP)
  process.exitCode = options.help ? 0 : 1
} else {
  await compare(positionals)
}

async function compare(revisions) {
  compileLoad()
  const folder = mkdtempSync(join(os.tmpdir(), 'towpath-compare-'))
  try {
    const names = revisions.map((revision, index) => {
      const name = `${'AB'[index]} ${describe(revision)}`
      SERVERS[name] = serverOf(distOf(revision, join(folder, 'AB'[index])))
      return name
    })
    for (const scenario of chosenScenarios()) await runScenario(scenario, names)
  } finally {
    removeWorktrees(folder)
  }
}

async function runScenario(scenario, names) {
  const [server, load] = options.cores.split(',').map(Number)
  for (const theCase of scenario.cases({ shapes: options.shapes?.split(',') })) {
    const measured = await measureCase(scenario, theCase, {
      names,
      rounds: Number(options.rounds),
      seconds: Number(options.seconds),
      cores: { server, load },
      log: () => {},
    })
    const table = asText(caseTable(scenario, measured, names[0]))
    process.stdout.write(`\n${scenario.title}: ${theCase.title}\n${table}\n`)
    if (Object.keys(measured.failures).length > 0) process.exitCode = 1
  }
}

function chosenScenarios() {
  return options.scenarios.split(',').map((name) => {
    const scenario = SCENARIOS.find((one) => one.name === name)
    if (!scenario) throw new Error(`Cannot find scenario "${name}"`)
    return scenario
  })
}

function serverOf(dist) {
  const transport = options.transport ? { BENCH_TRANSPORT: options.transport } : {}
  return { ...SERVERS.towpath, environment: { TOWPATH_DIST: dist, ...transport } }
}

function distOf(revision, folder) {
  if (revision !== '.') {
    process.stderr.write(`compare: building ${revision}\n`)
    git('worktree', 'add', '--detach', '--force', folder, revision)
    installDependencies(folder)
    // A revision with a type error is compiled all the same, and may be measured.
    spawnSync('npm', ['run', '--silent', 'build'], { cwd: folder, stdio: ['ignore', 2, 2] })
  }
  const dist = `${revision === '.' ? ROOT : folder}/dist`
  if (!existsSync(`${dist}/index.js`)) throw new Error(`Cannot find the build of ${revision}`)
  return dist
}

/** Those of this tree serve as well where the lock files are the same: nothing is fetched then. */
function installDependencies(folder) {
  const lock = (tree) => readFileSync(`${tree}/package-lock.json`, 'utf8')
  if (existsSync(`${ROOT}/node_modules`) && lock(folder) === lock(ROOT)) {
    symlinkSync(`${ROOT}/node_modules`, `${folder}/node_modules`)
  } else {
    run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], folder)
  }
}

function removeWorktrees(folder) {
  for (const name of ['A', 'B']) {
    const worktree = join(folder, name)
    if (existsSync(worktree)) git('worktree', 'remove', '--force', worktree)
  }
  rmSync(folder, { recursive: true, force: true })
}

function describe(revision) {
  return revision === '.' ? 'working tree' : git('rev-parse', '--short', revision).trim()
}

function git(...args) {
  return execFileSync('git', args, { cwd: ROOT, encoding: 'utf8' })
}

function run(command, args, cwd) {
  execFileSync(command, args, { cwd, stdio: ['ignore', 'ignore', 'inherit'] })
}
