import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { build } from 'vite'
import { mergeResults } from '../../../src/cli/bench/bench-result.ts'
import { runWorkers } from '../../../src/cli/bench/run-workers.ts'
import { defineContract, typed } from '../../../src/messages/index.ts'
import { type EmbeddedServer, embeddedServer, WebSockets } from '../../../src/index.ts'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))

const contract = defineContract({ name: 'pings', client: { ping: { request: null } } })

let server: EmbeddedServer
let folder: string
let worker: URL

beforeAll(async () => {
  mkdirSync(join(ROOT, 'build'), { recursive: true })
  folder = mkdtempSync(join(ROOT, 'build', 'bench-worker-'))
  // A thread of Node 20 cannot run TypeScript.
  await build({
    configFile: false,
    logLevel: 'warn',
    root: ROOT,
    build: {
      ssr: 'src/cli/bench/bench-worker.ts',
      outDir: folder,
      emptyOutDir: false,
      rolldownOptions: { output: { entryFileNames: 'bench-worker.mjs' } },
    },
  })
  worker = pathToFileURL(join(folder, 'bench-worker.mjs'))
  server = await embeddedServer({ port: 0, host: '127.0.0.1', signals: false }, (app) => {
    app.install(WebSockets)
    app.routing((route) => {
      route.webSocket('/', async ({ incoming, send }) => {
        for await (const frame of incoming) await send(frame)
      })
      route.webSocket('/typed', { protocols: contract.protocols }, async (session) => {
        await typed(session, contract).serve({ ping() {} })
      })
    })
  }).start()
})

afterAll(async () => {
  rmSync(folder, { recursive: true })
  await server.stop({ grace: 0 })
})

describe('runWorkers()', () => {
  it('E-34 shares connections and rate among threads, and merges what they count', async () => {
    const url = `ws://127.0.0.1:${server.address.port}/`
    const args = [url, '-c', '3', '-r', '90', '-d', '0.5', '--drain', '60000', '-w', '2']

    const results = await runWorkers(args, 2, new AbortController().signal, worker)

    expect(results.map(({ counts }) => counts.opened)).toEqual([2, 1])
    const { counts, latency } = mergeResults(results)
    expect(counts).toMatchObject({ opened: 3, sent: 45, received: 45, lost: 0 })
    expect(latency.count).toBe(45)
  })

  it('E-34 ends the threads when the command is stopped', async () => {
    const url = `ws://127.0.0.1:${server.address.port}/`
    const stopping = new AbortController()

    const running = runWorkers([url, '-d', '3600'], 2, stopping.signal, worker)
    stopping.abort(new Error('stopped'))

    await expect(running).rejects.toThrow('stopped')
  })

  it('E-55 each thread loads the contract of --typed', async () => {
    const file = join(folder, 'contract.mjs')
    writeFileSync(
      file,
      `export const pings = ${JSON.stringify({ shape: contract.shape, protocols: contract.protocols })}`,
    )
    const url = `ws://127.0.0.1:${server.address.port}/typed`
    const asking = ['--typed', file, '--request', 'ping']
    const args = [url, ...asking, '-c', '2', '-r', '40', '-d', '0.5', '--drain', '60000']

    const results = await runWorkers(args, 2, new AbortController().signal, worker)

    expect(mergeResults(results).counts).toMatchObject({ sent: 20, received: 20, errors: 0 })
  })

  it('E-55 a thread that its module ends is an error, and not a wait without an end', async () => {
    const file = join(folder, 'leaving.mjs')
    writeFileSync(file, 'process.exit(7)')
    const args = ['ws://127.0.0.1:1/', '--typed', file, '--request', 'ping']

    const running = runWorkers(args, 1, new AbortController().signal, worker)

    await expect(running).rejects.toMatchObject({
      exitCode: 5,
      message: 'Cannot finish: a thread ended with exit code 7 before it had a result',
    })
  })
})
