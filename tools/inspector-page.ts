/**
 * Bundles `tools/inspector-page/` into `src/inspector/page-source.ts`: `npm run inspector`. A test
 * checks that the file is up to date. An installation from a clone or a git URL needs no bundler.
 */

import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'
import { runTool } from './run-tool.ts'

const ROOT = new URL('..', import.meta.url)
const TARGET = new URL('src/inspector/page-source.ts', ROOT)

/** The packages in the bundle. Their licences ask for the notice in each copy. */
const BUNDLED = ['preact', 'uplot']

/** The widest literal that fits into a line of 100 columns. */
const MAX_COLUMNS = 90

/** Returns the text of `src/inspector/page-source.ts`. */
export async function pageSource(): Promise<string> {
  const { script, style } = await bundlePage()
  return [
    '/**',
    ' * The script and the style of the page. Generated from `tools/inspector-page/` by',
    ' * `npm run inspector`. Do not edit.',
    ' */',
    '',
    '/** The script: an ES module. */',
    `export const PAGE_SCRIPT: string =\n${literal(notices() + script)}`,
    '',
    '/** The style. */',
    `export const PAGE_STYLE: string =\n${literal(style)}`,
    '',
  ].join('\n')
}

async function bundlePage(): Promise<{ readonly script: string; readonly style: string }> {
  const output = await build({
    configFile: false,
    logLevel: 'warn',
    // The same whatever NODE_ENV is: it is `test` in a test.
    mode: 'production',
    oxc: { jsx: { runtime: 'automatic', importSource: 'preact', development: false } },
    root: fileURLToPath(new URL('tools/inspector-page', ROOT)),
    build: {
      write: false,
      modulePreload: false,
      target: 'es2022',
      cssTarget: 'esnext',
      rolldownOptions: { input: 'main.tsx' },
    },
  })
  const files = (Array.isArray(output) ? output : [output]).flatMap((each) =>
    'output' in each ? each.output : [],
  )
  const scripts = files.flatMap((file) => (file.type === 'chunk' ? [file.code] : []))
  const styles = files.flatMap((file) => (file.type === 'asset' ? [String(file.source)] : []))
  const [script = ''] = scripts
  const [style = ''] = styles
  if (scripts.length !== 1 || styles.length !== 1) {
    throw new Error(`Cannot bundle the page: it came to ${files.length} files, expected two`)
  }
  return { script: embeddable(script.trim()), style: embeddable(style.trim()) }
}

/** Refuses what would end the element that the text stands in (HTML §13.2.5.4, §4.12.1.3). */
function embeddable(text: string): string {
  if (!/<\/(script|style)|<!--/i.test(text)) return text
  throw new Error('Cannot embed the page: its source has "</script", "</style" or "<!--"')
}

/** The licences of the bundled packages, as a comment. */
function notices(): string {
  const texts = BUNDLED.map((name) => {
    const licence = readFileSync(new URL(`node_modules/${name}/LICENSE`, ROOT), 'utf8')
    // Ours; the version is checked by the lock file.
    const { version } = JSON.parse(
      readFileSync(new URL(`node_modules/${name}/package.json`, ROOT), 'utf8'),
    ) as { version: string }
    return `${name} ${version}\n${licence.trim()}`
  })
  return `/*!\n${texts.join('\n\n')}\n*/\n`
}

/** A string literal in lines. */
function literal(text: string): string {
  const parts: string[] = []
  let part = ''
  for (const letter of text) {
    const written = escaped(letter)
    if (part.length + written.length > MAX_COLUMNS) {
      parts.push(part)
      part = ''
    }
    part += written
  }
  return [...parts, part].map((each) => `  '${each}'`).join(' +\n')
}

function escaped(letter: string): string {
  if (letter === '\n') return '\\n'
  return letter === "'" || letter === '\\' ? `\\${letter}` : letter
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await runTool(async () => writeFileSync(TARGET, await pageSource()))
}
