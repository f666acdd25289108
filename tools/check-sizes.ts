/**
 * Checks the sizes that make code hard to follow, over every file of `src/`:
 *
 * - an exported class declares at most 25 public members. A getter and its setter are one member;
 * - a function has at most 50 lines of code. Blank lines, comments and the lines of functions
 *   inside are not counted.
 *
 *     npm run check:sizes              lists what is too large
 *     npm run check:sizes -- --list    prints the largest classes and functions
 */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { listFiles } from './list-files.ts'

const MAX_PUBLIC_MEMBERS = 25
const MAX_CODE_LINES = 50

/** Classes that may have more public members, and why. */
const LARGE_CLASSES: Readonly<Record<string, string>> = {
  BufferedChannel:
    'implements ReceiveChannel, SendChannel, ReceiveCore and SenderQueue, and serves its owner',
  BrowserSession: 'implements ClientSession, HeartbeatOwner and WireReceiver',
  LiveSession: 'implements DefaultWebSocketSession, SessionOwner and HasClock',
  ReadHalf: 'implements TransportReceiver, FrameSink, PartSink and FrameQueue',
}

/** A class or a function, and its size. */
export interface Sized {
  /** The path of the file, and the name. */
  readonly place: string
  readonly name: string
  readonly size: number
}

/** Returns the exported classes of a file with the number of public members that each declares. */
export function publicMembers(path: string, text: string): Sized[] {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.ES2022, true)
  return source.statements.filter(ts.isClassDeclaration).flatMap((node) => {
    const isExported = node.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)
    if (isExported !== true) return []
    const names = node.members.filter(isPublic).map((member) => member.name?.getText() ?? '')
    const name = node.name?.text ?? 'default'
    return [{ place: `${path} ${name}`, name, size: new Set(names).size }]
  })
}

/** Returns the functions of a file with their lines of code. */
export function codeLines(path: string, text: string): Sized[] {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.ES2022, true)
  const found: Sized[] = []
  const visit = (node: ts.Node): void => {
    if (isFunctionWithBody(node)) {
      const name = nameOf(node)
      found.push({ place: `${path} ${name}`, name, size: linesOf(node, source).size })
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return found
}

/**
 * Compares sizes with the limits.
 *
 * @param exceptions the names of the classes that may be larger.
 * @returns one message for each problem, and for each unnecessary exception.
 */
export function problemsOf(
  classes: readonly Sized[],
  functions: readonly Sized[],
  exceptions: readonly string[],
): string[] {
  const large = classes.filter(({ size }) => size > MAX_PUBLIC_MEMBERS)
  return [
    ...large
      .filter(({ name }) => !exceptions.includes(name))
      .map(
        ({ place, size }) =>
          `Cannot accept ${place}: it has ${size} public members, expected at most ${MAX_PUBLIC_MEMBERS}`,
      ),
    ...functions
      .filter(({ size }) => size > MAX_CODE_LINES)
      .map(
        ({ place, size }) =>
          `Cannot accept ${place}: it has ${size} lines of code, expected at most ${MAX_CODE_LINES}`,
      ),
    ...exceptions
      .filter((exception) => !large.some(({ name }) => name === exception))
      .map((exception) => `Cannot keep the exception ${exception}: the class is small enough`),
  ]
}

function isPublic(member: ts.ClassElement): boolean {
  const { name } = member
  if (name === undefined || ts.isPrivateIdentifier(name)) return false
  return (ts.getCombinedModifierFlags(member) & ts.ModifierFlags.Private) === 0
}

type FunctionWithBody = ts.FunctionLikeDeclaration & { readonly body: ts.Node }

function isFunctionWithBody(node: ts.Node): node is FunctionWithBody {
  return ts.isFunctionLike(node) && 'body' in node && node.body !== undefined
}

function nameOf(node: FunctionWithBody): string {
  if (node.name !== undefined) return node.name.getText()
  if (ts.isConstructorDeclaration(node)) return 'constructor'
  const { parent } = node
  return ts.isVariableDeclaration(parent) ? parent.name.getText() : 'a function without a name'
}

/** Returns the numbers of the lines that hold a token of `node`, but not of a function inside. */
function linesOf(node: ts.Node, source: ts.SourceFile): Set<number> {
  const lines = new Set<number>()
  const visit = (inner: ts.Node): void => {
    if (ts.isJSDoc(inner) || (inner !== node && isFunctionWithBody(inner))) return
    const children = inner.getChildren(source)
    if (children.length > 0) {
      for (const child of children) visit(child)
      return
    }
    if (inner.getWidth(source) === 0) return
    const first = source.getLineAndCharacterOfPosition(inner.getStart(source)).line
    const last = source.getLineAndCharacterOfPosition(inner.getEnd()).line
    for (let line = first; line <= last; line++) lines.add(line)
  }
  visit(node)
  return lines
}

function main(args: readonly string[]): void {
  const root = fileURLToPath(new URL('../src', import.meta.url))
  const files = listFiles(root, '.ts').map(
    (file) => [`src/${file}`, readFileSync(join(root, file), 'utf8')] as const,
  )
  const classes = files.flatMap(([path, text]) => publicMembers(path, text))
  const functions = files.flatMap(([path, text]) => codeLines(path, text))
  if (args.includes('--list')) {
    for (const sized of [classes, functions]) {
      const largest = [...sized].sort((a, b) => b.size - a.size).slice(0, 12)
      for (const { place, size } of largest) console.log(`${String(size).padStart(4)}  ${place}`)
    }
    return
  }
  const problems = problemsOf(classes, functions, Object.keys(LARGE_CLASSES))
  for (const problem of problems) console.error(problem)
  if (problems.length > 0) process.exitCode = 1
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main(process.argv.slice(2))
