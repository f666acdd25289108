/**
 * What pages load: how much it is, that it asks for nothing of Node, and that its types do not
 * either.
 */

import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import ts from 'typescript'
import { afterAll, describe, expect, it } from 'vitest'
import * as browser from '../src/browser-client.ts'
import { browserEntryPoints, entryPoints } from '../tools/entry-points.ts'
import { bundle } from './support/bundle.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const KIB = 1024

const folders: string[] = []

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'towpath-browser-'))
  folders.push(path)
  return path
}

afterAll(() => {
  for (const path of folders) rmSync(path, { recursive: true })
})

/** What a page loads that uses these names, in bytes. */
async function sizeOf(names: string): Promise<number> {
  const entry = join(folder(), 'page.ts')
  writeFileSync(entry, `export { ${names} } from '${ROOT}src/browser-client.ts'\n`)
  const script = await bundle(entry)
  expect(script).not.toMatch(/\bfrom\s*["'`]|\bimport\b|\bBuffer\b|\bprocess\b/)
  return gzipSync(script, { level: 9 }).length
}

describe('towpath/client in a browser', () => {
  it('has the names that it has on Node', () => {
    expect(Object.keys(browser).sort()).toEqual([
      'ChannelOverflowError',
      'CloseReason',
      'ClosedReceiveChannelError',
      'ClosedSendChannelError',
      'ConnectError',
      'ConnectionLostError',
      'Frame',
      'LocalProtocolError',
      'MessagesLostError',
      'NotConnectedError',
      'PingTimeoutError',
      'ReceiveTimeoutError',
      'ScopeEndedError',
      'TowpathError',
      'UpgradeRefusedError',
      'connect',
      'hours',
      'milliseconds',
      'minutes',
      'openWebSocket',
      'seconds',
      'webSocket',
    ])
  })

  it('is towpath/client/browser, by name, for every bundler and compiler', () => {
    const entry = entryPoints().find(({ specifier }) => specifier === 'towpath/client/browser')

    expect(entry?.source).toBe('src/browser-client.ts')
    // One report for the module, under that name.
    expect(browserEntryPoints().map(({ name }) => name)).not.toContain('client-browser')
  })

  it('costs a page at most 10.6 KiB, gzipped: sessions, frames and close reasons', async () => {
    expect(await sizeOf('webSocket, openWebSocket, Frame, CloseReason')).toBeLessThanOrEqual(
      10.6 * KIB,
    )
  })

  it('costs a page at most 17.1 KiB, gzipped, with reconnecting connections', async () => {
    const size = await sizeOf('connect, webSocket, openWebSocket, Frame, CloseReason')

    expect(size).toBeLessThanOrEqual(17.1 * KIB)
  })

  it('has types that need those of a browser and no others', () => {
    const output = join(folder(), 'dist')
    emitTypes(output)
    const page = folder()
    symlinkSync(output, join(page, 'towpath'))
    writeFileSync(join(page, 'page.ts'), PAGE)

    expect(problemsOf(join(page, 'page.ts'))).toEqual([])
  })
})

/** A page, as its author writes it. */
const PAGE = `
import { CloseReason, connect, Frame, openWebSocket, webSocket } from './towpath/browser-client.js'
import type { ClientSession } from './towpath/browser-client.js'

export async function page(url: string, worker: Worker): Promise<string> {
  await using session: ClientSession = await openWebSocket(url, {
    protocols: ['chat'],
    connectTimeout: { seconds: 5 },
    channels: { incoming: { capacity: 16, onOverflow: 'drop-oldest' } },
    signal: AbortSignal.timeout(1000),
  })
  await session.send(new Frame.Text('hello'))
  for await (const frame of session.incoming) {
    if (frame instanceof Frame.Binary) worker.postMessage(frame.buffer)
  }
  session.incoming.readable() satisfies ReadableStream
  const { reason } = await session.closed
  const connection = connect(url, { reconnect: { maxAttempts: 3 } })
  await connection.close(new CloseReason(4000))
  return webSocket(url, ({ protocol }) => protocol ?? reason.message)
}

export async function cannot(session: ClientSession): Promise<void> {
  // @ts-expect-error pings are the browser's
  session.pingInterval = 1000
  // @ts-expect-error there is no connection that a page could drop
  session.terminate()
  // @ts-expect-error nobody tells a page when something has left
  await session.flush()
  // @ts-expect-error headers are the browser's
  await openWebSocket('/', { headers: {} })
  // @ts-expect-error a page sends messages
  new Frame.Ping()
}
`

/**
 * Writes the declarations of the entry and of all that they name, without a check of the sources:
 * `npm run check:types` checks them.
 */
function emitTypes(output: string): void {
  const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.build.json'), (path) =>
    ts.sys.readFile(path),
  ) as { config: unknown }
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, ROOT)
  const program = ts.createProgram([join(ROOT, 'src/browser-client.ts')], {
    ...options,
    noEmit: false,
    emitDeclarationOnly: true,
    noCheck: true,
    declarationMap: false,
    outDir: output,
  })
  program.emit()
}

/** What the compiler says of a page, and of all declarations that it names. */
function problemsOf(page: string): string[] {
  const program = ts.createProgram([page], {
    noEmit: true,
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
    types: [],
    lib: ['lib.es2022.d.ts', 'lib.dom.d.ts', 'lib.esnext.disposable.d.ts'],
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
  })
  return ts.getPreEmitDiagnostics(program).map(({ file, messageText }) => {
    const text = ts.flattenDiagnosticMessageText(messageText, ' ')
    return `${file?.fileName ?? ''}: ${text}`
  })
}
