/**
 * The documentation is code: each `ts` block of README.md, of `docs/` and of the doc comments in
 * `src/` is compiled against the sources, and those that say so are run. `tools/code-blocks.ts` has
 * the rules.
 */

import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import { type CodeBlock, blocksOfComments, blocksOfMarkdown } from '../tools/code-blocks.ts'
import { entryPoints } from '../tools/entry-points.ts'
import { moduleOfExcerpt, namesOfCast, namesOfDoor } from '../tools/excerpts.ts'
import { listFiles } from '../tools/list-files.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const MODULES = join(ROOT, 'build', 'docs')

const pages = ['README.md', 'CONTRIBUTING.md', 'DESIGN.md', ...pathsBelow('docs', '.md')]
  .filter((page) => existsSync(join(ROOT, page)))
  .map((page) => ({ page, text: read(page) }))

const sources = pathsBelow('src', '.ts').map((file) => ({ file, text: read(file) }))

const blocks = [
  ...pages.flatMap(({ page, text }) => blocksOfMarkdown(page, text)),
  ...sources.flatMap(({ file, text }) => blocksOfComments(file, text)),
]

const names = [
  ...namesOfCast(join(ROOT, 'test/docs-cast.ts'), '../../test/docs-cast.ts'),
  ...entryPoints().flatMap(({ specifier, source }) => namesOfDoor(join(ROOT, source), specifier)),
]

rmSync(MODULES, { recursive: true, force: true })
mkdirSync(MODULES, { recursive: true })
for (const block of blocks) writeFileSync(moduleOf(block), moduleTextOf(block))

describe('the documentation', () => {
  it('has blocks that all compile', () => {
    expect(compile(blocks)).toEqual([])
  })

  it('has no link to a file that is not there', () => {
    const broken = pages.flatMap(({ page, text }) =>
      linksOf(text)
        .filter((link) => !existsSync(join(ROOT, dirname(page), link)))
        .map((link) => `${page}: ${link}`),
    )

    expect(broken).toEqual([])
  })

  for (const block of blocks.filter(({ mode }) => mode === 'run')) {
    it(`runs ${block.file}:${block.line}`, async () => {
      await expect(importModule(block)).resolves.toBeUndefined()
    })
  }

  for (const block of blocks.filter(({ mode }) => mode === 'test')) {
    describe(`tests of ${block.file}:${block.line}`, async () => {
      await importModule(block)
    })
  }
})

function pathsBelow(folder: string, extension: string): string[] {
  return listFiles(join(ROOT, folder), extension).map((path) => `${folder}/${path}`)
}

function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8')
}

function moduleOf(block: CodeBlock): string {
  return join(MODULES, `${block.file.replaceAll(/[^\w-]/g, '-')}-${block.line}.ts`)
}

/** The text that is compiled and run: ports are free ones, whatever the page says. */
function moduleTextOf({ code, isExcerpt }: CodeBlock): string {
  return isExcerpt ? moduleOfExcerpt(code, names).text : code.replaceAll(/\bport: \d+/g, 'port: 0')
}

async function importModule(block: CodeBlock): Promise<void> {
  await import(/* @vite-ignore */ moduleOf(block))
}

/** Compiles all blocks as one program; what is wrong is told at the lines of the pages. */
function compile(all: readonly CodeBlock[]): string[] {
  const config = ts.getParsedCommandLineOfConfigFile(
    join(ROOT, 'tsconfig.json'),
    { noUnusedLocals: false, noUnusedParameters: false, noImplicitReturns: false },
    { ...ts.sys, onUnRecoverableConfigFileDiagnostic: () => {} },
  )
  if (config === undefined) throw new Error('Cannot read tsconfig.json')

  const byModule = new Map(all.map((block) => [moduleOf(block), block]))
  const program = ts.createProgram([...byModule.keys()], config.options)
  return [...byModule].flatMap(([path, block]) => {
    const source = program.getSourceFile(path)
    return ts
      .getPreEmitDiagnostics(program, source)
      .filter((diagnostic) => diagnostic.file === source)
      .map((diagnostic) => describeDiagnostic(diagnostic, block))
  })
}

function describeDiagnostic(diagnostic: ts.Diagnostic, block: CodeBlock): string {
  const message = ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n')
  const position = diagnostic.file?.getLineAndCharacterOfPosition(diagnostic.start ?? 0)
  const preludeLines = block.isExcerpt
    ? moduleOfExcerpt(block.code, names).preludeLines
    : block.preludeLines
  const line = block.line + (position?.line ?? 0) - preludeLines
  return `${block.file}:${line}: ${message}`
}

/**
 * The files that a page links to; addresses of the web and places on the same page are left out.
 */
function linksOf(text: string): string[] {
  const prose = text.replaceAll(/^( *```+)[^]*?^\1\s*$/gm, '').replaceAll(/`[^`\n]*`/g, '')
  return [
    ...prose.matchAll(/\]\(([^)\s#]+)(#[^)]*)?\)/g),
    ...prose.matchAll(/(?:src|srcset)="([^"]+)"/g),
  ]
    .map(([, link = '']) => link)
    .filter((link) => !/^[a-z]+:/.test(link))
}
