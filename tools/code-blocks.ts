/**
 * Finds the TypeScript blocks of a text: of a Markdown page, and of the doc comments of a source
 * file.
 *
 * A block is a module of its own. What a reader need not see goes into HTML comments around it:
 *
 *     <!-- prelude
 *     declare const session: Session
 *     -->
 *     ```ts run
 *     await session.send('hello')
 *     ```
 *     <!-- epilogue
 *     await server.stop()
 *     -->
 *
 * In doc comments the code of an `@example` may also stand there without a fence: an excerpt.
 *
 * After `ts` a block may say how it is run: `run` executes the module, which must end by itself;
 * `test` executes it as a test file. Without either it is only compiled.
 */

/** What is done with a block beside compiling it. */
export type BlockMode = 'compile' | 'run' | 'test'

/** One block of code. */
export interface CodeBlock {
  readonly file: string
  /** The line of the first line of code, counted from 1. */
  readonly line: number
  /** The module: prelude, code and epilogue. */
  readonly code: string
  /** How many lines of `code` stand before the block itself. */
  readonly preludeLines: number
  readonly mode: BlockMode
  /** Whether it is the middle of a program, whose imports and variables go without saying. */
  readonly isExcerpt: boolean
}

/** Names of languages that would leave a block unchecked, where `ts` would have it checked. */
const UNCHECKED: ReadonlySet<string> = new Set(['js', 'javascript', 'mjs', 'typescript', 'tsx'])

/**
 * Reads the blocks of a Markdown page, in their order.
 *
 * @param file the name to put into the blocks.
 * @throws {SyntaxError} for a block that says `js` or `typescript` instead of `ts`, an unknown
 *   mode, and a fence that is never closed.
 */
export function blocksOfMarkdown(file: string, text: string): CodeBlock[] {
  const blocks: CodeBlock[] = []
  const lines = text.split('\n')
  let prelude: string[] = []

  for (let index = 0; index < lines.length; index += 1) {
    const line = lines[index] ?? ''
    if (line.startsWith('<!-- prelude')) {
      const end = indexOfLine(lines, index, '-->', file)
      prelude = lines.slice(index + 1, end)
      index = end
      continue
    }

    const fence = /^( *)(```+)(.*)$/.exec(line)
    if (fence === null) {
      if (line.trim() !== '') prelude = []
      continue
    }
    const [, indent = '', ticks = '', info = ''] = fence
    const end = indexOfLine(lines, index, indent + ticks, file)
    const mode = modeOf(info.trim(), `${file}:${index + 1}`)
    if (mode !== null) {
      const code = lines.slice(index + 1, end).map((each) => each.slice(indent.length))
      const epilogue = epilogueAfter(lines, end, file)
      blocks.push({
        file,
        line: index + 2,
        code: [...prelude, ...code, ...epilogue, ''].join('\n'),
        preludeLines: prelude.length,
        mode,
        isExcerpt: false,
      })
    }
    prelude = []
    index = end
  }
  return blocks
}

/**
 * Reads the blocks in the doc comments of a source file, then its excerpts; both in their order.
 */
export function blocksOfComments(file: string, text: string): CodeBlock[] {
  let inside = false
  const comments = text.split('\n').map((line) => {
    const starts = /^\s*\/\*\*/.test(line)
    if (starts) inside = true
    const content = inside && !starts ? line.replace(/^\s*\*\/?( |$)/, '') : ''
    // A prelude may follow the tag on its line.
    if (content.startsWith('@example <!-- ')) return content.slice('@example '.length)
    if (!line.includes('*/')) return content
    inside = false
    return END_OF_COMMENT
  })
  return [...blocksOfMarkdown(file, comments.join('\n')), ...excerptsOf(file, comments)]
}

const END_OF_COMMENT = '@end'

/** What follows an `@example` without a fence, up to the next tag or the end of the comment. */
function excerptsOf(file: string, lines: readonly string[]): CodeBlock[] {
  return lines.flatMap((line, index) => {
    const isFenced = /^(```|<!-- prelude)/.test(lines[index + 1] ?? '')
    if (!line.startsWith('@example') || isFenced) return []
    const end = lines.findIndex((each, at) => at > index && each.startsWith('@'))
    const code = `${lines.slice(index + 1, end).join('\n')}\n`
    return [{ file, line: index + 2, code, preludeLines: 0, mode: 'compile', isExcerpt: true }]
  })
}

/** `null` for a block in another language, which is left alone. */
function modeOf(info: string, place: string): BlockMode | null {
  const [language = '', mode] = info.split(/\s+/)
  if (UNCHECKED.has(language)) {
    throw new SyntaxError(
      `Cannot check the block at ${place}: it says "${language}", expected "ts"`,
    )
  }
  if (language !== 'ts') return null
  if (mode === undefined) return 'compile'
  if (mode === 'run' || mode === 'test') return mode
  throw new SyntaxError(`Cannot use the block at ${place}: it says "${mode}", expected run or test`)
}

function epilogueAfter(lines: readonly string[], end: number, file: string): string[] {
  const next = lines.findIndex((line, index) => index > end && line.trim() !== '')
  if (next === -1 || lines[next]?.startsWith('<!-- epilogue') !== true) return []
  return lines.slice(next + 1, indexOfLine(lines, next, '-->', file))
}

function indexOfLine(lines: readonly string[], from: number, wanted: string, file: string): number {
  const found = lines.findIndex((line, index) => index > from && line.trimEnd() === wanted)
  if (found !== -1) return found
  throw new SyntaxError(`Cannot read ${file}: what starts at line ${from + 1} is never closed`)
}
