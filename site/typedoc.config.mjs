/**
 * The reference: one page for each entry point of the package. TypeDoc names a page after its
 * source file, so each entry point gets a file with its public name in `entries/`.
 */

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'

const entries = new URL('entries/', import.meta.url)
const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))

rmSync(entries, { recursive: true, force: true })
const entryPoints = Object.entries(manifest.exports)
  .filter(([, target]) => typeof target === 'object')
  .map(([path, { types }]) => {
    const name = path === '.' ? manifest.name : path.slice(2)
    const source = types.replace(/^\.\/dist\//, '../src/').replace(/\.d\.ts$/, '.ts')
    const file = fileURLToPath(new URL(`${name}.ts`, entries))
    mkdirSync(dirname(file), { recursive: true })
    const up = '../'.repeat(name.split('/').length)
    writeFileSync(file, `export * from '${up}${source}'\n`)
    return file
  })

// TypeDoc reads the default export.
export default {
  plugin: ['typedoc-plugin-markdown', 'typedoc-vitepress-theme'],
  name: 'Reference',
  entryPoints,
  basePath: fileURLToPath(entries),
  tsconfig: 'tsconfig.json',
  out: 'pages/reference',
  docsRoot: 'pages',
  readme: 'none',
  router: 'module',
  disableSources: true,
  excludeInternal: true,
  excludeExternals: false,
  hideBreadcrumbs: true,
  hidePageHeader: true,
  entryFileName: 'index',
  sanitizeComments: true,
  // `npm run check:types` checks the types, and what the package exports is reported in `api/`.
  skipErrorChecking: true,
  validation: false,
  logLevel: 'Error',
}
