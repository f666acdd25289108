/**
 * Writes what is public into `api/<entry>.api.md`, from the declarations in `dist/`, one report for
 * each entry point. With `--check` nothing is written: a report that differs from the one that is
 * checked in is an error, so that the public surface never changes unnoticed.
 */

import { existsSync, mkdirSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  CompilerState,
  ConsoleMessageId,
  Extractor,
  ExtractorConfig,
  ExtractorLogLevel,
} from '@microsoft/api-extractor'
import { browserEntryPoints, type EntryPoint, entryPoints } from './entry-points.ts'
import { runTool } from './run-tool.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

const ANNOUNCEMENTS: ReadonlySet<string> = new Set([
  ConsoleMessageId.Preamble,
  ConsoleMessageId.CompilerVersionNotice,
  ConsoleMessageId.ApiReportNotCopied,
  ConsoleMessageId.ApiReportCopied,
  ConsoleMessageId.ApiReportCreated,
])

function configFor(entry: EntryPoint): ExtractorConfig {
  const silent = { default: { logLevel: ExtractorLogLevel.None, addToApiReportFile: false } }
  const configObject = {
    projectFolder: ROOT,
    mainEntryPointFilePath: resolve(ROOT, entry.types),
    compiler: { tsconfigFilePath: resolve(ROOT, 'tsconfig.build.json') },
    apiReport: {
      enabled: true,
      reportFileName: entry.name,
      reportFolder: resolve(ROOT, 'api'),
      reportTempFolder: resolve(ROOT, 'build/api'),
      // The classes behind `Frame.Text` have no exported name of their own, and are public all the
      // same.
      includeForgottenExports: true,
    },
    newlineKind: 'lf' as const,
    docModel: { enabled: false },
    dtsRollup: { enabled: false },
    tsdocMetadata: { enabled: false },
    messages: {
      compilerMessageReporting: { default: { logLevel: ExtractorLogLevel.Error } },
      extractorMessageReporting: silent,
      tsdocMessageReporting: silent,
    },
  }
  return ExtractorConfig.prepare({
    configObject,
    configObjectFullPath: undefined,
    packageJsonFullPath: resolve(ROOT, 'package.json'),
  })
}

function main(check: boolean): void {
  const entries = [...entryPoints(), ...browserEntryPoints()]
  const missing = entries.filter((entry) => !existsSync(resolve(ROOT, entry.types)))
  if (missing.length > 0) {
    const names = missing.map((entry) => entry.types).join(', ')
    throw new Error(`Cannot report on ${names}: not built, expected "npm run build" before`)
  }

  mkdirSync(resolve(ROOT, 'api'), { recursive: true })
  const configs = entries.map(configFor)
  const [first] = configs
  if (first === undefined) return
  const compilerState = CompilerState.create(first, {
    additionalEntryPoints: configs.map((config) => config.mainEntryPointFilePath),
  })

  for (const [index, config] of configs.entries()) {
    const name = `api/${entries[index]?.name ?? ''}.api.md`
    const result = Extractor.invoke(config, {
      compilerState,
      localBuild: !check,
      printApiReportDiff: check,
      messageCallback: (message) => {
        // The tool's own announcements; a report that has changed is announced below, in our words.
        if (ANNOUNCEMENTS.has(message.messageId)) message.handled = true
      },
    })
    if (result.apiReportChanged && check) {
      console.error(`Cannot accept ${name}: the public API has changed, expected "npm run api"`)
      process.exitCode = 1
    } else if (result.errorCount > 0) {
      process.exitCode = 1
    } else if (result.apiReportChanged) {
      console.log(`${name} is written`)
    }
  }
}

await runTool(() => {
  main(process.argv.includes('--check'))
})
