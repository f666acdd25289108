/**
 * Checks which way imports point (DESIGN.md, "Layers"), over every file of `src/`, types included:
 *
 * - down only: a folder imports folders of a lower level, never the same level or a higher one;
 * - through the door: another folder is imported through its `index.ts`, `internal.ts` or
 *   `portable.ts`;
 * - what runs in browsers (`portable.ts`, the browser's engine and entry) reaches no module of
 *   Node, and no package;
 * - into rooms by the wing alone: a subfolder's files are imported inside of their own folder of
 *   `src/`;
 * - no folder with more than 20 files: a larger one has rooms;
 * - no cycles between files;
 * - Node's modules and packages only where the tables below say;
 * - a door holds named re-exports and nothing else.
 */

import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, posix, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { listFiles } from './list-files.ts'

/**
 * The level of each folder of `src/`. The main entry point, `src/index.ts`, stands above what it
 * re-exports.
 */
const LEVELS: Readonly<Record<string, number>> = {
  base: 0,
  schema: 0,
  packages: 1,
  protocol: 1,
  channels: 1,
  extensions: 2,
  session: 2,
  application: 3,
  client: 3,
  engines: 4,
  messages: 4,
  topics: 4,
  testing: 5,
  forwarded: 5,
  brokers: 5,
  adapters: 5,
  // The command line: no other folder imports it.
  cli: 5,
  msgpack: 5,
  cbor: 5,
  asyncapi: 5,
  operations: 4,
  prometheus: 5,
  opentelemetry: 5,
  inspector: 5,
  interop: 4,
}

/**
 * The level of `src/index.ts`: it may re-export what is below `testing/`, `brokers/` and
 * `adapters/`.
 */
const MAIN_ENTRY_LEVEL = 5

/**
 * What runs in browsers, beside the doors named `portable.ts`: files, and folders with their slash.
 */
const PORTABLE: readonly string[] = [
  'browser-client.ts',
  'browser-topics-client.ts',
  'engines/browser/',
  'messages/',
  'msgpack/check.ts',
  'msgpack/codec.ts',
  'cbor/check.ts',
  'cbor/codec.ts',
]

/** Pairs on one level that may import, in this direction only. */
const SAME_LEVEL: ReadonlySet<string> = new Set([
  'session→extensions',
  // Metrics of topics.
  'operations→topics',
])

/** A folder with more files than this is divided into rooms. */
const MAX_FILES = 20

/** Folders whose subfolders do not know each other: no engine knows another engine. */
const SPLIT_FOLDERS: ReadonlySet<string> = new Set(['engines', 'brokers', 'adapters'])

/**
 * Which files (a path below `src/`, or a folder with its slash) may import modules of Node; `*` is
 * all of them.
 */
const NODE_MODULES: Readonly<Record<string, readonly string[]>> = {
  'protocol/handshake/accept-key.ts': ['node:crypto'],
  'protocol/ascii-text.ts': ['node:buffer'],
  'protocol/memory.ts': ['node:buffer', 'node:worker_threads'],
  'extensions/': ['node:zlib'],
  // A handler runs in the asynchronous context of the upgrade that led to it.
  'application/async-context.ts': ['node:async_hooks'],
  // Signs the names of clients.
  'topics/wire/client-names.ts': ['node:crypto'],
  // Brokers get hashes of keys and holders.
  'topics/presence/key-record.ts': ['node:crypto'],
  'engines/': ['*'],
  'testing/': ['*'],
  'packages/': ['node:module'],
  'forwarded/': ['node:net'],
  'brokers/': ['*'],
  'adapters/': ['*'],
  'cli/': ['*'],
  'interop/': ['node:events', 'node:stream'],
  // Measures the process, and hashes the page for its policy.
  'inspector/': ['node:crypto', 'node:http', 'node:os', 'node:perf_hooks', 'node:timers/promises'],
}

/** Which files may import which packages. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  'schema/': ['@standard-schema/spec'],
  'application/': ['rou3', '@standard-schema/spec'],
  // Types alone.
  'messages/': ['@standard-schema/spec'],
  'topics/': ['@standard-schema/spec'],
  'asyncapi/': ['@standard-schema/spec'],
  // Types, and the package itself for pages, which have no other way to load it.
  'msgpack/': ['msgpackr'],
  'cbor/': ['cbor-x'],
  // Types alone: optional peers are loaded when the plugin is installed.
  'forwarded/': ['@fastify/proxy-addr', 'forwarded-parse'],
  // Types alone: optional peers are loaded when the broker is opened.
  'brokers/redis/': ['@redis/client'],
  'brokers/nats/': ['@nats-io/transport-node'],
  // Types alone: the peer is loaded when the plugin is installed.
  'prometheus/': ['prom-client'],
  'opentelemetry/': ['@opentelemetry/api'],
}

/** One broken rule, at a line of a file. `file` is relative to the root, with forward slashes. */
export interface ImportProblem {
  readonly file: string
  readonly line: number
  readonly message: string
}

interface Reference {
  readonly specifier: string
  readonly line: number
  /** Whether nothing of it is left at run time. */
  readonly isType: boolean
}

/**
 * Checks every `.ts` file below `root`.
 *
 * @param root a folder shaped as `src/`.
 * @returns the problems in the order of files and lines; empty if there is none.
 */
export function checkImports(root: string): ImportProblem[] {
  const problems: ImportProblem[] = []
  const graph = new Map<string, readonly string[]>()
  const values = new Map<string, readonly string[]>()

  for (const file of listFiles(root, '.ts')) {
    const source = ts.createSourceFile(
      file,
      readFileSync(join(root, file), 'utf8'),
      ts.ScriptTarget.ES2022,
      true,
    )
    const report = (line: number, message: string): void => {
      problems.push({ file, line, message })
    }

    const references = referencesOf(source)
    for (const reference of references) {
      const message = problemOfReference(root, file, reference.specifier)
      if (message !== null) report(reference.line, message)
    }
    const target = ({ specifier }: Reference): string =>
      isRelative(specifier) ? targetOf(file, specifier) : specifier
    graph.set(file, references.filter(({ specifier }) => isRelative(specifier)).map(target))
    values.set(file, references.filter(({ isType }) => !isType).map(target))

    if (isDoor(file)) checkDoor(source, report)
    if (levelOf(file) === undefined) {
      report(1, `Cannot place "${file}": its folder has no level, expected one of the layer table`)
    }
  }

  problems.push(...problemsOfFolders([...graph.keys()]))
  for (const cycle of findCycles(graph)) {
    const file = cycle[0] ?? ''
    problems.push({ file, line: 1, message: `Cannot import in a circle: ${cycle.join(' → ')}` })
  }
  for (const file of [...graph.keys()].filter(isPortable)) {
    const path = findWayOut(values, file)
    if (path === null) continue
    const message = `Cannot run in a browser: ${path.join(' → ')}`
    problems.push({ file, line: 1, message })
  }
  return problems
}

/**
 * Every module that a file names: imports, re-exports, `import()` as an expression and as a type.
 */
function referencesOf(source: ts.SourceFile): Reference[] {
  const references: Reference[] = []
  const add = (literal: ts.Node | undefined, isType: boolean): void => {
    if (literal === undefined || !ts.isStringLiteral(literal)) return
    const { line } = source.getLineAndCharacterOfPosition(literal.getStart(source))
    references.push({ specifier: literal.text, line: line + 1, isType })
  }
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) {
      add(node.moduleSpecifier, node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword)
    } else if (ts.isExportDeclaration(node)) add(node.moduleSpecifier, node.isTypeOnly)
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument))
      add(node.argument.literal, true)
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      add(node.arguments[0], false)
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return references
}

/** What is wrong with one import of `file`; `null` if nothing is. */
function problemOfReference(root: string, file: string, specifier: string): string | null {
  if (specifier.startsWith('node:')) {
    if (isListed(NODE_MODULES, file, specifier)) return null
    return `Cannot import "${specifier}" here: the core is handed what it needs from outside`
  }
  if (!isRelative(specifier)) {
    if (isListed(PACKAGES, file, specifier)) return null
    return `Cannot import the package "${specifier}" here: it is not in the table of packages`
  }

  const target = targetOf(file, specifier)
  if (!target.endsWith('.ts')) return `Cannot import "${specifier}": relative imports end in .ts`
  if (!existsSync(join(root, target))) return `Cannot import "${specifier}": there is no such file`
  return problemOfDirection(file, target)
}

function problemOfDirection(file: string, target: string): string | null {
  const from = folderOf(file)
  const to = folderOf(target)
  if (from === to) return problemOfSplit(file, target)

  const fromLevel = levelOf(file) ?? Infinity
  const toLevel = levelOf(target) ?? Infinity
  const upwards = toLevel >= fromLevel && !SAME_LEVEL.has(`${from}→${to}`)
  if (upwards) {
    return `Cannot import "${target}" (level ${toLevel}) from level ${fromLevel}, expected a lower level`
  }
  if (!isDoor(target)) {
    return `Cannot import "${target}" from another folder, expected its index.ts, internal.ts or portable.ts`
  }
  return null
}

/** Inside `engines/` and its like: one subfolder does not import another one. */
function problemOfSplit(file: string, target: string): string | null {
  const [folder = '', from = ''] = file.split('/')
  const to = target.split('/')[1] ?? ''
  const bothInSubfolders = file.split('/').length > 2 && target.split('/').length > 2
  if (!SPLIT_FOLDERS.has(folder) || !bothInSubfolders || from === to) return null
  return `Cannot import "${target}" from "${folder}/${from}": the two do not know each other`
}

/** Folders with too many files; each is reported at its first file. */
function problemsOfFolders(files: readonly string[]): ImportProblem[] {
  const folders = new Map<string, string[]>()
  for (const file of files) {
    const folder = posix.dirname(file)
    folders.set(folder, [...(folders.get(folder) ?? []), file])
  }
  return [...folders].flatMap(([folder, inside]) => {
    if (inside.length <= MAX_FILES) return []
    const message = `Cannot keep ${inside.length} files in "${folder}", expected rooms of at most ${MAX_FILES}`
    return [{ file: inside.sort()[0] ?? folder, line: 1, message }]
  })
}

/**
 * A door is an interface of a folder: `export { a } from './a.ts'` and its type form, nothing else.
 */
function checkDoor(source: ts.SourceFile, report: (line: number, message: string) => void): void {
  for (const statement of source.statements) {
    const isNamedReexport =
      ts.isExportDeclaration(statement) &&
      statement.moduleSpecifier !== undefined &&
      statement.exportClause !== undefined &&
      ts.isNamedExports(statement.exportClause)
    if (isNamedReexport) continue
    const { line } = source.getLineAndCharacterOfPosition(statement.getStart(source))
    report(line + 1, 'Cannot have this in a door: it holds named re-exports only')
  }
}

/**
 * Finds the circles of a graph, each reported once, starting at its first file in order of the
 * alphabet. One circle is given for each edge that closes one, in a depth-first walk.
 */
function findCycles(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const cycles = new Map<string, string[]>()
  const done = new Set<string>()
  const path: string[] = []

  const walk = (file: string): void => {
    const start = path.indexOf(file)
    if (start !== -1) {
      const cycle = startAtFirst(path.slice(start))
      cycles.set(cycle.join(), [...cycle, cycle[0] ?? ''])
      return
    }
    if (done.has(file)) return
    path.push(file)
    for (const target of graph.get(file) ?? []) walk(target)
    path.pop()
    done.add(file)
  }

  for (const file of graph.keys()) walk(file)
  return [...cycles.values()]
}

/** The shortest way from `file` to a module that is not a file of ours; `null` if there is none. */
function findWayOut(graph: ReadonlyMap<string, readonly string[]>, file: string): string[] | null {
  const paths = [[file]]
  const seen = new Set([file])
  for (const path of paths) {
    for (const target of graph.get(path.at(-1) ?? '') ?? []) {
      if (seen.has(target)) continue
      seen.add(target)
      if (!target.endsWith('.ts')) return [...path, target]
      paths.push([...path, target])
    }
  }
  return null
}

function isPortable(file: string): boolean {
  if (posix.basename(file) === 'portable.ts') return true
  return PORTABLE.some((place) => (place.endsWith('/') ? file.startsWith(place) : file === place))
}

function startAtFirst(cycle: readonly string[]): string[] {
  const first = [...cycle].sort()[0] ?? ''
  const index = cycle.indexOf(first)
  return [...cycle.slice(index), ...cycle.slice(0, index)]
}

function isListed(
  table: Readonly<Record<string, readonly string[]>>,
  file: string,
  specifier: string,
): boolean {
  return Object.entries(table).some(([place, allowed]) => {
    const matches = place.endsWith('/') ? file.startsWith(place) : file === place
    return matches && (allowed.includes(specifier) || allowed.includes('*'))
  })
}

function levelOf(file: string): number | undefined {
  return file.includes('/') ? LEVELS[folderOf(file)] : MAIN_ENTRY_LEVEL
}

/** The first folder below the root; `''` for a file that lies in the root itself. */
function folderOf(file: string): string {
  return file.includes('/') ? file.slice(0, file.indexOf('/')) : ''
}

/** A wing's door lies in the wing itself; engines, brokers and adapters are wings of their own. */
function isDoor(file: string): boolean {
  const folders = file.split('/').slice(0, -1)
  const depth = SPLIT_FOLDERS.has(folders[0] ?? '') ? 2 : 1
  return folders.length <= depth && /(^|\/)(index|internal|portable)\.ts$/.test(file)
}

function isRelative(specifier: string): boolean {
  return specifier.startsWith('.')
}

/** The file that a relative import names, relative to the root. */
function targetOf(file: string, specifier: string): string {
  return posix.normalize(posix.join(posix.dirname(file), specifier))
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = resolve(dirname(process.argv[1]), '..', 'src')
  const problems = checkImports(root)
  for (const { file, line, message } of problems) console.error(`src/${file}:${line}: ${message}`)
  if (problems.length > 0) process.exitCode = 1
}
