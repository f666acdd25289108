/**
 * Checks what a user would install: packs the tarball, has publint and attw read it, installs it
 * into an empty project, compiles a program against its types and loads every entry point there,
 * with `import` and with `require`.
 *
 * The project stays in `build/package/`. `node build/package/smoke.mjs` and `smoke.cjs` run it
 * again on any version of Node; `checks.mjs` also runs on Bun and Deno. Run `npm run build` first.
 */

import { execFileSync, spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { entryPoints } from './entry-points.ts'
import { runTool } from './run-tool.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const PROJECT = join(ROOT, 'build', 'package')

/** Files that the tarball must hold beside `dist/` and `src/`. */
const REQUIRED_FILES = ['package.json', 'README.md', 'LICENSE', 'CHANGELOG.md']

/** What the tarball may hold. */
const EXPECTED_FILE =
  /^(package\.json|(src\/.+\/)?README\.md|LICENSE|CHANGELOG\.md|(dist|src)\/.+\.(ts|js|map))$/

/** The command line is a part of every installation: it must stay small. */
const MAX_COMMAND_LINE_BYTES = 416 * 1024

/** What `npm pack --json` prints; sizes are in bytes. */
interface PackReport {
  readonly filename: string
  readonly size: number
  readonly unpackedSize: number
  readonly files: ReadonlyArray<{ readonly path: string; readonly size: number }>
}

/** How a careful user compiles: our declarations are checked too, not only used. */
const CONSUMER_TSCONFIG = {
  compilerOptions: {
    target: 'ES2022',
    module: 'NodeNext',
    strict: true,
    skipLibCheck: false,
    noEmit: true,
    typeRoots: [join(ROOT, 'node_modules', '@types')],
    types: ['node'],
  },
  files: ['smoke.ts'],
}

/** How a bundler compiles a page: without Node's types, and with no newer library than needed. */
const PAGE_TSCONFIG = {
  compilerOptions: {
    target: 'ES2022',
    lib: ['ES2022', 'DOM'],
    module: 'ESNext',
    moduleResolution: 'Bundler',
    customConditions: ['browser'],
    strict: true,
    skipLibCheck: false,
    noEmit: true,
    types: [],
  },
  files: ['page.ts'],
}

/** What pages import. */
const PAGE_SPECIFIERS = [
  'towpath/client',
  'towpath/client/browser',
  'towpath/client/topics',
  'towpath/messages',
  'towpath/messages/page',
  'towpath/channels',
  'towpath/protocol',
]

function main(): void {
  if (!existsSync(join(ROOT, 'dist'))) {
    throw new Error('Cannot check the package: it is not built, expected "npm run build" before')
  }
  rmSync(PROJECT, { recursive: true, force: true })
  mkdirSync(PROJECT, { recursive: true })

  const tarball = pack()
  run('npx', ['publint', 'run', tarball, '--strict'], ROOT)
  run('npx', ['attw', tarball, '--profile', 'esm-only', '--no-color'], ROOT)
  install(tarball)
  run('npx', ['tsc', '-p', join(PROJECT, 'tsconfig.json')], ROOT)
  run('npx', ['tsc', '-p', join(PROJECT, 'tsconfig.page.json')], ROOT)
  run(process.execPath, ['smoke.mjs'], PROJECT)
  run(process.execPath, ['smoke.cjs'], PROJECT)
  run(process.execPath, ['smoke-cli.mjs'], PROJECT)
}

/** Packs the tarball into the project's folder and checks the list of its files. */
function pack(): string {
  const output = execFileSync(
    'npm',
    ['pack', '--json', '--ignore-scripts', '--pack-destination', PROJECT],
    { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] },
  )
  // The output of npm itself.
  const [report] = JSON.parse(output) as PackReport[]
  if (report === undefined) throw new Error('Cannot read what npm packed: it reported nothing')

  const files = report.files.map((file) => file.path)
  const missing = REQUIRED_FILES.filter((file) => !files.includes(file))
  const unexpected = files.filter((file) => !EXPECTED_FILE.test(file))
  if (missing.length > 0) throw new Error(`Cannot publish without ${missing.join(', ')}`)
  if (unexpected.length > 0) throw new Error(`Cannot publish with ${unexpected.join(', ')}`)
  reportSize(report)
  return join(PROJECT, report.filename)
}

/**
 * Prints how large the package is, and which part of it is the command line.
 *
 * @throws if the code of the command line, without sources and maps, has outgrown its limit.
 */
function reportSize({ filename, files, size, unpackedSize }: PackReport): void {
  const commandLine = files
    .filter(({ path }) => path.startsWith('dist/cli/') && path.endsWith('.js'))
    .reduce((sum, file) => sum + file.size, 0)
  console.log(
    `${filename}: ${files.length} files, ${kib(size)} packed, ${kib(unpackedSize)} unpacked, ${kib(commandLine)} of code in dist/cli`,
  )
  if (commandLine <= MAX_COMMAND_LINE_BYTES) return
  throw new Error(
    `Cannot publish: dist/cli has ${kib(commandLine)} of code, expected at most ${kib(MAX_COMMAND_LINE_BYTES)}`,
  )
}

function kib(bytes: number): string {
  return `${(bytes / 1024).toFixed(0)} KiB`
}

/**
 * Installs the tarball as a user would, without scripts, and writes the two programs that load it.
 */
function install(tarball: string): void {
  const specifiers = JSON.stringify(entryPoints().map((entry) => entry.specifier))
  writeFileSync(join(PROJECT, 'package.json'), '{ "name": "smoke", "private": true }\n')
  writeFileSync(join(PROJECT, 'smoke.mjs'), smokeProgram(specifiers, 'await import(specifier)'))
  writeFileSync(join(PROJECT, 'smoke.cjs'), smokeProgram(specifiers, 'require(specifier)'))
  writeFileSync(join(PROJECT, 'smoke-cli.mjs'), COMMAND_LINE_PROGRAM)
  copyFileSync(join(ROOT, 'test', 'runtimes', 'checks.mjs'), join(PROJECT, 'checks.mjs'))
  writeFileSync(
    join(PROJECT, 'smoke.ts'),
    typesProgram(entryPoints().map((entry) => entry.specifier)),
  )
  writeFileSync(join(PROJECT, 'tsconfig.json'), JSON.stringify(CONSUMER_TSCONFIG))
  writeFileSync(join(PROJECT, 'page.ts'), typesProgram(PAGE_SPECIFIERS))
  writeFileSync(join(PROJECT, 'tsconfig.page.json'), JSON.stringify(PAGE_TSCONFIG))
  run(
    'npm',
    ['install', '--ignore-scripts', '--no-package-lock', '--prefer-offline', tarball],
    PROJECT,
  )

  // The content of the tarball, which is ours.
  const installed = JSON.parse(
    readFileSync(join(PROJECT, 'node_modules', 'towpath', 'package.json'), 'utf8'),
  ) as { scripts?: Record<string, string> }
  const scripts = Object.keys(installed.scripts ?? {}).filter((name) => name.endsWith('install'))
  if (scripts.length > 0) throw new Error(`Cannot publish with install scripts: ${scripts.join()}`)
}

/** Runs the command line of the package: a server, and a benchmark of it with two threads. */
const COMMAND_LINE_PROGRAM = `import { spawn, spawnSync } from 'node:child_process'
const towpath = 'node_modules/.bin/towpath'
const server = spawn(towpath, ['listen', '0'], { stdio: ['ignore', 'ignore', 'pipe'] })
server.stderr.setEncoding('utf8').once('data', (text) => {
  const url = /ws:\\S+/.exec(text)?.[0] ?? ''
  const args = ['bench', url, '-w', '2', '-c', '2', '-r', '50', '-d', '0.5', '--drain', '30000']
  const { status } = spawnSync(towpath, args, { stdio: 'inherit' })
  server.kill('SIGINT')
  process.exitCode = status ?? 1
})
`

function typesProgram(specifiers: readonly string[]): string {
  return specifiers
    .map((specifier, index) => `export * as entry${index} from '${specifier}'\n`)
    .join('')
}

function smokeProgram(specifiers: string, load: string): string {
  return `for (const specifier of ${specifiers}) {
  const names = Object.keys(${load})
  if (names.length === 0) throw new Error('Cannot use ' + specifier + ': it exports nothing')
  console.log(process.version + ' ' + specifier + ': ' + names.length + ' names')
}
`
}

function run(command: string, args: readonly string[], cwd: string): void {
  const { status, signal } = spawnSync(command, args, {
    cwd,
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  if (status !== 0) {
    throw new Error(
      `Cannot accept the package: ${command} ${args[0] ?? ''} ended with ${status ?? signal}`,
    )
  }
}

await runTool(main)
