import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'

import { missing } from '../mounts/frameworks.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const PROGRAM = fileURLToPath(new URL('../mounts/typed/frameworks.ts', import.meta.url))

const skipped = missing('fastify', 'hono', '@hono/node-server', '@nestjs/core')

/** The options of the root, whose `paths` lead to the sources. */
function rootOptions(): ts.CompilerOptions {
  const { config } = ts.readConfigFile(`${ROOT}/tsconfig.json`, (path) => ts.sys.readFile(path))
  return ts.parseJsonConfigFileContent(config, ts.sys, ROOT).options
}

describe.skipIf(skipped !== null)('the types of the adapters', () => {
  it('fit the types of Express, Fastify, Hono, Nest and Vite', () => {
    const program = ts.createProgram([PROGRAM], rootOptions())

    // Only this file: the sources are checked by the root's own compilation.
    const diagnostics = ts.getPreEmitDiagnostics(program, program.getSourceFile(PROGRAM))

    const messages = diagnostics.map(({ messageText, start, file }) => {
      const line = file === undefined ? 0 : file.getLineAndCharacterOfPosition(start ?? 0).line + 1
      return `${line}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`
    })
    expect(messages).toEqual([])
  })
})
