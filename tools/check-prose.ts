/**
 * Checks that prose wraps at 100 columns: paragraphs and lists of Markdown, and comments of TypeScript.
 * Tables, code, links and URLs may be longer.
 *
 *     npm run check:prose              lists what is too long, and exceptions that are needed no more
 *     npm run check:prose -- --list    prints the list of exceptions as it should be
 *
 * Files that are not rewritten yet stand in `tools/prose-exceptions.txt`. The list only gets shorter.
 */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { listFiles } from './list-files.ts'

const MAX_COLUMNS = 100

/** Folders of TypeScript whose comments are looked at. */
const SOURCE_FOLDERS = ['src', 'test', 'tools', 'examples']
const ROOT_PAGES = ['README.md', 'CONTRIBUTING.md', 'DESIGN.md', 'SECURITY.md']

/** The numbers of the lines of `text` that are prose and too long, from 1. */
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

/** The numbers of the lines of `text` that are comments and too long, from 1. */
export function longLinesOfComments(text: string): number[] {
  const long: number[] = []
  text.split('\n').forEach((line, index) => {
    const isComment = /^\s*(\/\/|\/\*|\*)/.test(line)
    // What the linter is told stands on one line.
    if (isComment && isTooLong(line) && !line.includes('oxlint-disable')) long.push(index + 1)
  })
  return long
}

/** Whether `line` is too long without its links and URLs, which cannot be broken. */
function isTooLong(line: string): boolean {
  if (line.length <= MAX_COLUMNS) return false
  const breakable = line.replaceAll(/\]\([^)]*\)/g, ']').replaceAll(/https?:\/\/\S+/g, '')
  return breakable.length > MAX_COLUMNS
}

/** Files with prose that is too long, with its lines; paths relative to `root`, sorted. */
function longFiles(root: string): Map<string, number[]> {
  const pages = [
    ...ROOT_PAGES,
    ...listFiles(join(root, 'docs'), '.md').map((file) => `docs/${file}`),
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
  const excepted = new Set(list.split('\n').filter((line) => line !== ''))
  for (const [file, lines] of found) {
    if (excepted.has(file)) continue
    console.error(
      `Cannot accept ${file}: prose above ${MAX_COLUMNS} columns, lines ${lines.join(', ')}`,
    )
    process.exitCode = 1
  }
  for (const file of excepted) {
    if (found.has(file)) continue
    console.error(`Cannot need the exception for ${file}: its prose wraps, or it is gone`)
    process.exitCode = 1
  }
  console.log(`${excepted.size} files are not rewritten yet`)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main(process.argv.slice(2))
