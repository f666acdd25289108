/**
 * The benchmark: `npm run bench`, with `-- --quick` for the six shapes of echo in under three minutes.
 *
 * Servers take turns on one core, the load generator has another. See docs/benchmarks.md for what is
 * measured, and `--help` for the options.
 */

import { writeFileSync } from 'node:fs'
import os from 'node:os'
import process from 'node:process'
import { parseArgs } from 'node:util'

import {
  buildPackage,
  buildPeers,
  compileLoad,
  fetchPeers,
  makeCertificate,
} from './harness/prepare.mjs'
import { describeRun, writeReport } from './harness/report.mjs'
import { measureCase } from './harness/rounds.mjs'
import { SERVERS } from './harness/servers.mjs'
import { asText, caseTable, formatNumber } from './harness/table.mjs'
import { checkTargets } from './harness/targets.mjs'
import { SCENARIOS } from './scenarios/index.mjs'

const HELP = `node bench/run.mjs [options]

  --quick               the six shapes of echo, three short rounds
  --scenarios a,b       of: ${SCENARIOS.map((scenario) => scenario.name).join(', ')}
  --shapes 64x1x32,…    connections x in flight x bytes, for echo
  --servers a,b         of: ${Object.keys(SERVERS).join(', ')}
  --rounds n            rounds of each case (5; quick 3)
  --seconds s           length of one measurement (1; quick 0.7)
  --reference name      the server that ratios are of (the first)
  --cores s,l           cores of the server and of the load (0,1)
  --json file           every sample, as JSON
  --write               writes docs/benchmarks.md and its plots

TOWPATH_DIST=<folder> measures a build that lies elsewhere, and builds none.
`
const DEFAULT_SERVERS =
  'towpath,ws,uws,bun,deno,ktor-netty,ktor-cio,coder,gorilla,tungstenite,epoll'.split(',')

const options = readOptions()
if (options.help) {
  process.stdout.write(HELP)
} else {
  await main()
}

async function main() {
  if (process.platform !== 'linux')
    throw new Error('Cannot run here: the load generator needs Linux')
  const { names: chosen, reference } = chooseServers()
  const names = withToolchains(chosen)
  const able = prepare(names)
  const run = describeRun({
    names,
    command: commandLine(),
    rounds: options.rounds,
    seconds: options.seconds,
  })
  announce(run)
  const results = []
  for (const scenario of chooseScenarios()) {
    results.push({ scenario, cases: await runScenario(scenario, { names, reference, able }) })
  }
  finish(run, results, reference)
}

function prepare(names) {
  fetchPeers()
  const able = compileLoad()
  const builds = names.some((name) => name.startsWith('towpath')) && !process.env.TOWPATH_DIST
  if (builds && !buildPackage()) {
    throw new Error('Cannot start towpath: the package does not build')
  }
  return { ...able, tls: able.tls && makeCertificate() }
}

/** Leaves out, with a line for each, the servers whose toolchain is not here. */
function withToolchains(names) {
  const missing = buildPeers(names.map((name) => SERVERS[name].toolchain).filter(Boolean))
  return names.filter((name) => {
    const why = missing.get(SERVERS[name].toolchain)
    if (why !== undefined) print(`${name}: left out, ${why}`)
    return why === undefined
  })
}

function chooseServers() {
  const names = options.servers ?? DEFAULT_SERVERS
  for (const name of names) {
    if (name in SERVERS) continue
    throw new Error(`Cannot find server "${name}", expected ${Object.keys(SERVERS).join(', ')}`)
  }
  return { names, reference: options.reference ?? names[0] }
}

function chooseScenarios() {
  const wanted =
    options.scenarios ?? (options.quick ? ['echo'] : SCENARIOS.map((scenario) => scenario.name))
  return wanted.map((name) => {
    const scenario = SCENARIOS.find((one) => one.name === name)
    if (!scenario) throw new Error(`Cannot find scenario "${name}"`)
    return scenario
  })
}

async function runScenario(scenario, { names, reference, able }) {
  const cases = []
  for (const theCase of scenario.cases({ shapes: options.shapes })) {
    if (theCase.needs && !able[theCase.needs]) {
      print(
        `\n${scenario.title}: ${theCase.title}: left out, the load generator has no ${theCase.needs} here`,
      )
      continue
    }
    const measured = await measureCase(scenario, theCase, {
      names: (scenario.servers ?? names).filter(
        (name) => !theCase.needs || SERVERS[name][theCase.needs],
      ),
      rounds: options.rounds,
      seconds: options.seconds,
      cores: options.cores,
      log: (text) => process.stderr.isTTY && process.stderr.write(`\r\x1b[K${text}\r`),
    })
    cases.push({ name: theCase.name, title: theCase.title, measured })
    print(
      `\n${scenario.title}: ${theCase.title}\n${asText(caseTable(scenario, measured, reference))}`,
    )
  }
  return cases
}

function announce(run) {
  print(
    `${run.machine}; Node ${run.node}; ${run.rounds} rounds of ${run.seconds} s; revision ${run.revision}`,
  )
  if (os.loadavg()[0] > 0.5) {
    print(
      `Other work is going on here (load average ${os.loadavg()[0].toFixed(2)}): the figures are noisy.`,
    )
  }
}

function finish(run, results, reference) {
  const samples = new Map(
    results.flatMap(({ scenario, cases }) =>
      cases.map(({ name, measured }) => [`${scenario.name} ${name}`, measured.samples]),
    ),
  )
  const targets = checkTargets(samples)
  if (targets.length > 0) {
    const rows = targets.map(({ what, target, measured, met }) => [
      what,
      target,
      formatNumber(measured, 2),
      met ? 'yes' : 'no',
    ])
    print(`\nTargets\n${asText({ head: ['what', 'target', 'measured', 'met'], rows })}`)
  }
  if (options.json) {
    const data = {
      run,
      targets,
      samples: Object.fromEntries(samples),
      failures: failuresOf(results),
    }
    writeFileSync(options.json, `${JSON.stringify(data, null, 2)}\n`)
  }
  if (options.write) print(`\nWritten: ${writeReport({ run, results, targets, reference })}`)
  // A server that answered wrongly, or not at all, makes the whole run a failure.
  if (failuresOf(results).length > 0) process.exitCode = 1
}

function failuresOf(results) {
  return results.flatMap(({ scenario, cases }) =>
    cases.flatMap(({ name, measured }) =>
      Object.values(measured.failures).map((message) => `${scenario.name} ${name}: ${message}`),
    ),
  )
}

function readOptions() {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
      scenarios: { type: 'string' },
      shapes: { type: 'string' },
      servers: { type: 'string' },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      reference: { type: 'string' },
      cores: { type: 'string', default: '0,1' },
      json: { type: 'string' },
    },
  })
  const [server, load] = values.cores.split(',').map(Number)
  return {
    ...values,
    scenarios: values.scenarios?.split(','),
    shapes: values.shapes?.split(','),
    servers: values.servers?.split(','),
    rounds: positive(values.rounds, values.quick ? 3 : 5),
    seconds: positive(values.seconds, values.quick ? 0.7 : 1),
    cores: { server, load },
  }
}

function positive(text, otherwise) {
  const value = text === undefined ? otherwise : Number(text)
  if (!(value > 0 && value <= 60))
    throw new RangeError(`Cannot use ${text}, expected a number from 0 to 60`)
  return value
}

/** The command as others would repeat it: where we put our samples is not of interest. */
function commandLine() {
  const args = process.argv.slice(2)
  const json = args.indexOf('--json')
  if (json >= 0) args.splice(json, 2)
  return ['npm run bench', ...(args.length > 0 ? ['--', ...args] : [])].join(' ')
}

function print(text) {
  process.stdout.write(`${text}\n`)
}
