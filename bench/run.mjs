/**
 * The benchmark: `npm run bench`, with `-- --quick` for the six shapes of echo in under three minutes.
 *
 * Servers take turns on one core, the load generator has another. See docs/benchmarks.md for what is
 * measured, and `--help` for the options.
 */

import { writeFileSync } from 'node:fs'
import process from 'node:process'
import { parseArgs } from 'node:util'

import {
  buildPackage,
  buildPeers,
  compileLoad,
  fetchPeers,
  makeCertificate,
} from './harness/prepare.mjs'
import { describeRun, writeReport, writeTopicsReport } from './harness/report.mjs'
import { measureCase } from './harness/rounds.mjs'
import { SERVERS } from './harness/servers.mjs'
import { TOPIC_SERVERS } from './harness/topic-servers.mjs'
import { asText, caseTable, formatNumber } from './harness/table.mjs'
import { checkTargets } from './harness/targets.mjs'
import { SCENARIOS } from './scenarios/index.mjs'
import { TOPIC_SCENARIOS } from './scenarios/topics/index.mjs'

const HELP = `node bench/run.mjs [options]

  --quick               the six shapes of echo, three short rounds
  --scenarios a,b       of: ${SCENARIOS.map((scenario) => scenario.name).join(', ')};
                        or topics, for all of: ${TOPIC_SCENARIOS.map((scenario) => scenario.name).join(', ')}
  --shapes 64x1x32,…    connections x in flight x bytes, for echo
  --servers a,b         of: ${Object.keys(SERVERS).join(', ')};
                        for topics of: ${Object.keys(TOPIC_SERVERS).join(', ')}
  --rounds n            rounds of each case (5; quick 3)
  --seconds s           length of one measurement (1; quick 0.7)
  --reference name      the server that ratios are of (the first)
  --cores s,l           cores of the server and of the load (0,1)
  --json file           every sample, as JSON
  --write               writes docs/benchmarks.md and its plots, for topics docs/benchmarks/topics.md

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
  const scenarios = chooseScenarios()
  const servers = scenarios[0].start ? TOPIC_SERVERS : SERVERS
  const { names: chosen, reference } = chooseServers(servers)
  const names = withToolchains(chosen, servers)
  const able = prepare(names)
  const run = describeRun({
    servers: Object.fromEntries(names.map((name) => [name, servers[name].version()])),
    command: commandLine(),
    rounds: options.rounds,
    seconds: options.seconds,
  })
  announce(run)
  const results = []
  for (const scenario of scenarios) {
    results.push({ scenario, cases: await runScenario(scenario, { names, reference, able }) })
  }
  finish(run, results, reference)
}

function prepare(names) {
  fetchPeers()
  const able = compileLoad()
  const ours = names.some((name) => /^(towpath|topics)/.test(name))
  const builds = ours && !process.env.TOWPATH_DIST
  if (builds && !buildPackage()) {
    throw new Error('Cannot start towpath: the package does not build')
  }
  return { ...able, tls: able.tls && makeCertificate() }
}

/** Leaves out, with a line for each, the servers whose toolchain is not here. */
function withToolchains(names, servers) {
  const missing = buildPeers(names.map((name) => servers[name].toolchain).filter(Boolean))
  return names.filter((name) => {
    const why = missing.get(servers[name].toolchain)
    if (why !== undefined) print(`${name}: left out, ${why}`)
    return why === undefined
  })
}

function chooseServers(servers) {
  const names = options.servers ?? (servers === SERVERS ? DEFAULT_SERVERS : Object.keys(servers))
  for (const name of names) {
    if (name in servers) continue
    throw new Error(`Cannot find server "${name}", expected ${Object.keys(servers).join(', ')}`)
  }
  return { names, reference: options.reference ?? names[0] }
}

function chooseScenarios() {
  const wanted =
    options.scenarios ?? (options.quick ? ['echo'] : SCENARIOS.map((scenario) => scenario.name))
  const chosen = wanted.flatMap((name) => {
    if (name === 'topics') return TOPIC_SCENARIOS
    const scenario = [...SCENARIOS, ...TOPIC_SCENARIOS].find((one) => one.name === name)
    if (!scenario) throw new Error(`Cannot find scenario "${name}"`)
    return [scenario]
  })
  const topics = chosen.filter(({ start }) => start).length
  if (topics > 0 && topics < chosen.length) {
    throw new Error('Cannot mix scenarios of topics with others: they have other servers')
  }
  return chosen
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
      names: serversOf(scenario, theCase, names),
      rounds: options.rounds,
      seconds: options.seconds,
      cores: options.cores,
      log: (text) => process.stderr.isTTY && process.stderr.write(`\r\x1b[K${text}\r`),
    })
    cases.push({ name: theCase.name, title: theCase.title, measured })
    print(
      `\n${scenario.title}: ${theCase.title}\n${asText(caseTable(scenario, measured, scenario.reference ?? reference))}`,
    )
  }
  return cases
}

function serversOf(scenario, theCase, names) {
  // A scenario of topics is about those of its servers that were asked for and can be built.
  if (scenario.start) return scenario.servers.filter((name) => names.includes(name))
  return (scenario.servers ?? names).filter(
    (name) => !theCase.needs || SERVERS[name][theCase.needs],
  )
}

function announce(run) {
  print(
    `${run.machine}; Node ${run.node}; ${run.rounds} rounds of ${run.seconds} s; revision ${run.revision}`,
  )
  if (run.loadAverage > 0.5) {
    print(
      `Other work is going on here (load average ${run.loadAverage.toFixed(2)}): the figures are noisy.`,
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
  if (options.write) {
    const write = results[0].scenario.start ? writeTopicsReport : writeReport
    print(`\nWritten: ${write({ run, results, targets, reference })}`)
  }
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
