/** Writes docs/benchmarks.md, with one plot per scenario and metric in docs/benchmarks/. */

import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import process from 'node:process'

import { ROOT } from './folders.mjs'
import { barChart } from './plot.mjs'
import { SERVERS } from './servers.mjs'
import { summary } from './statistics.mjs'
import { asMarkdown, caseTable, formatNumber } from './table.mjs'

/** Before the builds of the run, which are work too. */
const LOAD_AT_START = os.loadavg()[0]

/** Describes the machine, the versions and the command of a run. */
export function describeRun({ servers, command, rounds, seconds }) {
  return {
    date: new Date().toISOString().slice(0, 10),
    command,
    rounds,
    seconds,
    machine: `${cpuModel()}, ${os.cpus().length} cores, ${Math.round(os.totalmem() / 2 ** 30)} GiB, Linux ${os.release()}`,
    loadAverage: LOAD_AT_START,
    node: process.version,
    revision: revision(),
    servers,
  }
}

/** Writes the Markdown and the plots; returns the path of the Markdown. */
export function writeReport({ run, results, targets, reference }) {
  const plots = `${ROOT}/docs/benchmarks`
  mkdirSync(plots, { recursive: true })
  for (const name of readdirSync(plots)) if (name.endsWith('.svg')) rmSync(`${plots}/${name}`)
  const sections = results.map((result) => scenarioSection(result, reference, plots))
  const path = `${ROOT}/docs/benchmarks.md`
  writeFileSync(
    path,
    [introduction(run, reference), targetSection(targets), ...sections].join('\n'),
  )
  return path
}

/** Writes docs/benchmarks/topics.md, which has tables alone; returns its path. */
export function writeTopicsReport({ run, results, targets }) {
  const sections = results.map(({ scenario, cases }) =>
    tablesOf(scenario, cases, scenario.reference),
  )
  const path = `${ROOT}/docs/benchmarks/topics.md`
  mkdirSync(`${ROOT}/docs/benchmarks`, { recursive: true })
  writeFileSync(path, [topicsIntroduction(run), targetSection(targets), ...sections].join('\n'))
  return path
}

function topicsIntroduction(run) {
  return `# Benchmarks of topics

<!-- Written by \`npm run bench -- --scenarios topics --write\`. Do not edit. -->

[Checks of topics](../topics-checks.md) says which checks there are beside these, and how they are
run. The figures come from one run on one machine: only ratios within the run are meaningful.

${factsTable(run)}

The nodes of a server and their broker share one core, and the load generator has another. Redis
runs with \`appendfsync everysec\`, NATS with streams in files. A cell is the median of the rounds,
with the smallest and the largest value. A ratio is the first row's value divided by the row's
value, round by round. The load generator (\`bench/load/topics.c\`) checks every delivery. An event
that is missing, repeated, out of order or damaged fails the run. A load generator above 90 % of a
core may be what limits the row.
`
}

function factsTable(run) {
  const versions = Object.entries(run.servers).map(([name, version]) => `| ${name} | ${version} |`)
  return `| | |
| --- | --- |
| Command | \`${run.command}\` |
| Date | ${run.date} |
| Revision | ${run.revision} |
| Machine | ${run.machine} |
| Load average at the start | ${run.loadAverage.toFixed(2)}${run.loadAverage > 0.5 ? ' (noisy)' : ''} |
| Node | ${run.node} |
| Rounds | ${run.rounds} of ${run.seconds} s |
${versions.join('\n')}`
}

function introduction(run, reference) {
  const versions = Object.entries(run.servers).map(([name, version]) => `| ${name} | ${version} |`)
  return `# Benchmarks

<!-- Written by \`npm run bench -- --write\`. Do not edit. -->

These figures come from one run on one machine. On shared machines such numbers vary by half from
hour to hour, so only ratios within one run are meaningful. The tables show these ratios. Repeat the
run with:

\`\`\`sh
${run.command}
\`\`\`

| | |
| --- | --- |
| Date | ${run.date} |
| Revision | ${run.revision} |
| Machine | ${run.machine} |
| Load average at the start | ${run.loadAverage.toFixed(2)}${run.loadAverage > 0.5 ? ' (noisy)' : ''} |
| Node | ${run.node} |
| Rounds | ${run.rounds} of ${run.seconds} s |
${versions.join('\n')}

Servers run in turn (A B C, then C B A) on one pinned core, and the load generator on another, all
on the loopback interface. A cell is the median of the rounds, with the smallest and the largest
value. A ratio is \`${reference}\`'s value divided by the row's value, round by round. Below 1 is
better for CPU, memory and time; above 1 is better for rates. The load generator (\`bench/load\`,
C) checks every reply byte for byte, and fails the run if a byte is wrong.
`
}

function targetSection(targets) {
  if (targets.length === 0) return ''
  const rows = targets.map(({ what, target, measured, met }) => [
    what,
    target,
    formatNumber(measured, 2),
    met ? 'yes' : '**no**',
  ])
  return `## Targets\n\n${asMarkdown({ head: ['what', 'target', 'measured', 'met'], rows })}\n`
}

function tablesOf(scenario, cases, reference, images = []) {
  const tables = cases.map(
    ({ title, measured }) =>
      `### ${title}\n\n${asMarkdown(caseTable(scenario, measured, reference))}\n`,
  )
  return [`## ${scenario.title}\n`, `${wrapped(scenario.explain)}\n`, ...images, ...tables].join(
    '\n',
  )
}

function scenarioSection({ scenario, cases }, reference, folder) {
  const images = scenario.metrics
    .filter((metric) => metric.ratio)
    .map((metric) => {
      const name = `${scenario.name}-${metric.key}.svg`
      writeFileSync(`${folder}/${name}`, plotOf(scenario, cases, metric))
      return `![${scenario.title}: ${metric.title}](benchmarks/${name})\n`
    })
  return tablesOf(scenario, cases, reference, images)
}

/** Wraps `text` at 100 columns, as all prose of the documentation. */
function wrapped(text) {
  const lines = ['']
  for (const word of text.split(' ')) {
    const line = lines.at(-1)
    if (line === '') lines[lines.length - 1] = word
    else if (line.length + 1 + word.length <= 100) lines[lines.length - 1] += ` ${word}`
    else lines.push(word)
  }
  return lines.join('\n')
}

function plotOf(scenario, cases, metric) {
  return barChart({
    title: `${scenario.title}: ${metric.title} (${metric.better} is better)`,
    groups: cases.map(({ title, measured }) => ({
      name: title,
      bars: Object.entries(measured.samples)
        .filter(([server, rounds]) => rounds.length > 0 && !measured.failures[server])
        .map(([server, rounds]) => {
          const spread = summary(rounds.map((round) => round[metric.key]))
          const text = formatNumber(spread.median, metric.digits)
          return { label: server, colour: SERVERS[server].colour, ...spread, text }
        }),
    })),
  })
}

function cpuModel() {
  const model = /^model name\s*: (.+)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))
  return model?.[1] ?? os.arch()
}

function revision() {
  const git = (...args) => execFileSync('git', args, { cwd: ROOT, encoding: 'utf8' }).trim()
  const changed = git('status', '--porcelain', '--', 'src').length > 0
  return git('rev-parse', '--short', 'HEAD') + (changed ? ' with changes' : '')
}
