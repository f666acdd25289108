/**
 * Assembles `tools/mask.wat` into `src/protocol/mask-module.ts`: `npm run mask`. A test checks that
 * the file is up to date.
 */

import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import wabt from 'wabt'
import { runTool } from './run-tool.ts'

const SOURCE = new URL('mask.wat', import.meta.url)
const TARGET = new URL('../src/protocol/mask-module.ts', import.meta.url)

/** The widest literal that fits into a line of 100 columns. */
const MAX_COLUMNS = 92

/** Returns the text of `src/protocol/mask-module.ts`. */
export async function maskModule(): Promise<string> {
  const assembler = await wabt()
  const module = assembler.parseWat('mask.wat', readFileSync(SOURCE, 'utf8'), { simd: true })
  module.validate()
  const { buffer } = module.toBinary({})
  module.destroy()
  const base64 = Buffer.from(buffer).toString('base64')
  const lines = base64.match(new RegExp(`.{1,${MAX_COLUMNS}}`, 'g')) ?? []
  return [
    '/** Generated from `tools/mask.wat` by `npm run mask`. Do not edit. */',
    '',
    '/** The WebAssembly module of `simd-mask.ts`, as Base64. */',
    'export const MASK_MODULE: string =',
    lines.map((line) => `  '${line}'`).join(' +\n'),
    '',
  ].join('\n')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await runTool(async () => writeFileSync(TARGET, await maskModule()))
}
