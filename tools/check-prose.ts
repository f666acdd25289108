/**
 * Checks that prose wraps at 100 columns: paragraphs and lists of Markdown, and comments of
 * TypeScript. Tables, code, links and URLs may be longer.
 *
 *     npm run check:prose              lists lines that are too long, and unnecessary exceptions
 *     npm run check:prose -- --list    prints the files with lines that are too long
 *
 * `tools/prose-exceptions.txt` lists files, and folders with their slash, that are not rewritten
 * yet. The list only gets shorter.
 */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { listFiles } from './list-files.ts'

const MAX_COLUMNS = 100

/** Folders of TypeScript whose comments are checked. */
const SOURCE_FOLDERS = ['src', 'test', 'tools', 'examples']
const ROOT_PAGES = ['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'DESIGN.md', 'SECURITY.md']

/** Returns the numbers (from 1) of the lines of Markdown that are prose and too long. */
export function longLinesOfMarkdown(text: string): number[] {
  const long: number[] = []
  let isCode = false
  let isComment = false
  text.split('\n').forEach((line, index) => {
    if (/^\s*(```|~~~)/.test(line)) isCode = !isCode
    else if (line.startsWith('<!--')) isComment = !line.includes('-->')
    else if (isComment) isComment = !line.includes('-->')
    else if (!isCode && isTooLong(line) && !line.trimStart().startsWith('|')) long.push(index + 1)
  })
  return long
}

/** Returns the numbers (from 1) of the lines of TypeScript that are comments and too long. */
export function longLinesOfComments(text: string): number[] {
  const long: number[] = []
  text.split('\n').forEach((line, index) => {
    const isComment = /^\s*(\/\/|\/\*|\*)/.test(line)
    // A directive of the linter must be on one line.
    if (isComment && isTooLong(line) && !line.includes('oxlint-disable')) long.push(index + 1)
  })
  return long
}

/** Whether `line` is too long, not counting links and URLs, which cannot be broken. */
function isTooLong(line: string): boolean {
  if (line.length <= MAX_COLUMNS) return false
  const breakable = line.replaceAll(/\]\([^)]*\)/g, ']').replaceAll(/https?:\/\/\S+/g, '')
  return breakable.length > MAX_COLUMNS
}

/**
 * Returns the files with prose that is too long, and its lines; paths relative to `root`, sorted.
 */
function longFiles(root: string): Map<string, number[]> {
  const pages = [
    ...ROOT_PAGES,
    ...['docs', 'src'].flatMap((folder) =>
      listFiles(join(root, folder), '.md').map((file) => `${folder}/${file}`),
    ),
  ]
  const sources = SOURCE_FOLDERS.flatMap((folder) =>
    listFiles(join(root, folder), '.ts').map((file) => `${folder}/${file}`),
  )
  const found = new Map<string, number[]>()
  for (const file of [...pages, ...sources].sort()) {
    const text = readFileSync(join(root, file), 'utf8')
    const lines = file.endsWith('.md') ? longLinesOfMarkdown(text) : longLinesOfComments(text)
    if (lines.length > 0) found.set(file, lines)
  }
  return found
}

function main(args: readonly string[]): void {
  const root = fileURLToPath(new URL('..', import.meta.url))
  const found = longFiles(root)
  if (args.includes('--list')) {
    console.log([...found.keys()].join('\n'))
    return
  }
  const list = readFileSync(join(root, 'tools/prose-exceptions.txt'), 'utf8')
  const problems = problemsOf(
    found,
    list.split('\n').filter((line) => line !== ''),
  )
  for (const problem of problems) console.error(problem)
  if (problems.length > 0) process.exitCode = 1
}

/**
 * Compares the files with long prose with the exceptions.
 *
 * @param exceptions files, and folders with their slash.
 * @returns one message for each file without an exception, and each unnecessary exception.
 */
export function problemsOf(
  found: ReadonlyMap<string, readonly number[]>,
  exceptions: readonly string[],
): string[] {
  const covers = (exception: string, file: string): boolean =>
    exception.endsWith('/') ? file.startsWith(exception) : file === exception
  const files = [...found.keys()]
  return [
    ...files
      .filter((file) => !exceptions.some((exception) => covers(exception, file)))
      .map((file) => {
        const lines = found.get(file)?.join(', ')
        return `Cannot accept ${file}: prose above ${MAX_COLUMNS} columns, lines ${lines}`
      }),
    ...exceptions
      .filter((exception) => !files.some((file) => covers(exception, file)))
      .map((exception) => `Cannot keep the exception ${exception}: its prose wraps at 100 columns`),
  ]
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main(process.argv.slice(2))
