/**
 * `towpath check` through a bridge: a suite that speaks TCP sees the same of a server and of a
 * client over HTTP/2 as over TCP, case by case.
 */

import { expect, it } from 'vitest'

import { waitingSystemClock } from '../../../src/base/internal.ts'
import { clientCases, serverCases } from '../../../src/cli/check/cases/all-cases.ts'
import type { CheckCase, RequestChange } from '../../../src/cli/check/check-case.ts'
import type { CaseResult } from '../../../src/cli/check/check-result.ts'
import { examine, runCases } from '../../../src/cli/check/check-run.ts'
import { CheckServer } from '../../../src/cli/check/server/check-server.ts'
import { readDialerOptions } from '../../../src/engines/node/internal.ts'
import { embeddedServer, permessageDeflate, WebSockets } from '../../../src/index.ts'
import { createWebSocketClient } from '../../../src/node-client.ts'
import { certificate } from '../../support/certificate.ts'
import { bridgeToClientSuite, bridgeToServer } from '../../support/http2-bridge.ts'

/** Nothing should need it: it ends waits that would never end. */
const DEADLINE_MS = 120_000

/** The large cases run over HTTP/2 in `test/suites/conformance/`. */
const LARGE = ['limits', 'compression', 'slow']

/** Headers of a request that travel from end to end. */
const TRAVELS = /^(sec-websocket-(version|protocol|extensions)|x-unknown)$/i

/**
 * Whether a request is the same behind a bridge. Others have errors in the part that belongs to one
 * hop (method, `Host`, `Upgrade`, `Connection`, the key, the syntax of HTTP/1.1), which the bridge
 * would have to refuse itself.
 */
function travels({ method, version, target, lineEnd, body, drop, replace, add }: RequestChange) {
  const added = (add ?? []).map((line) => line.slice(0, line.indexOf(':')))
  const names = [...(drop ?? []), ...Object.keys(replace ?? {}), ...added]
  const isOther = [method, version, target, lineEnd, body].some((part) => part !== undefined)
  return !isOther && names.every((name) => TRAVELS.test(name))
}

const bridged = (each: CheckCase): boolean =>
  !LARGE.includes(each.family) && (each.kind === 'frames' || travels(each.change))

/**
 * The answers of a server that a bridge passes on. It refuses others itself (`Upgrade`, the accept
 * value), or cannot pass them on: the bodies of the suite are longer than they say.
 */
const TRAVELLING_ANSWERS =
  /^(a correct response|a header that is unknown|an extension|a subprotocol|the answer)/

/** One line for each case. */
function verdicts(results: readonly CaseResult[]): string[] {
  return results.map(({ family, name, verdict, why }) => `${family}: ${name}: ${verdict} ${why}`)
}

/** Runs `cases` against the server at `url`. */
async function check(url: string, cases: readonly CheckCase[]): Promise<string[]> {
  const { host, protocol } = new URL(url)
  const target = {
    url: new URL(url),
    settings: readDialerOptions({ tls: { ca: certificate.cert } }),
    connectTimeout: DEADLINE_MS,
    request: { path: '/', host, isSecure: protocol === 'wss:', lines: [] },
    protocols: [],
  }
  const { signal } = new AbortController()
  const facts = await examine(target, waitingSystemClock, DEADLINE_MS, signal)
  const settings = { cases, deadline: DEADLINE_MS, concurrency: 8 }
  const run = await runCases(target, facts, settings, waitingSystemClock, signal)
  return [`deflates: ${facts.deflates}`, ...verdicts(run.results)]
}

it('our own server has the same results over HTTP/2 as over TCP, case by case', async () => {
  await using server = await embeddedServer(
    { port: 0, host: '127.0.0.1', signals: false, tls: certificate, http2: true },
    (app) => {
      app.install(WebSockets, { extensions: [permessageDeflate()] })
      app.routing((route) => {
        route.webSocket('/', async ({ incoming, send }) => {
          for await (const frame of incoming) await send(frame)
        })
      })
    },
  ).start()
  await using bridge = await bridgeToServer(server.address.port)
  const cases = serverCases().filter(bridged)

  const direct = await check(`wss://localhost:${server.address.port}/`, cases)
  const bridging = await check(`ws://127.0.0.1:${bridge.port}/`, cases)

  expect(cases.length).toBeGreaterThan(300)
  expect(direct.filter((line) => / (strict-)?fail /.test(line))).toEqual([])
  expect(bridging).toEqual(direct)
})

/** Runs `cases` with our client. @returns the results, and how many HTTP/2 connections it made. */
async function checkClient(
  cases: ReturnType<typeof clientCases>,
  isBridged: boolean,
): Promise<{ readonly results: string[]; readonly connections: number }> {
  const parts = { cases, clock: waitingSystemClock, deadline: DEADLINE_MS, tls: null }
  await using suite = new CheckServer(parts)
  const port = await suite.listen('127.0.0.1', 0)
  await using bridge = isBridged ? await bridgeToClientSuite(port) : null
  const tls = { ca: certificate.cert }
  await using client = createWebSocketClient({
    extensions: [permessageDeflate()],
    tls,
    http2: isBridged,
  })
  const url = bridge === null ? `ws://127.0.0.1:${port}/` : `wss://localhost:${bridge.port}/`
  for (let index = 0; index < cases.length; index++) {
    await client
      .webSocket(url, async ({ incoming, send }) => {
        for await (const frame of incoming) await send(frame)
      })
      .catch(() => {
        // The server broke a rule, which is what most cases are about.
      })
  }
  await suite.finished
  return { results: verdicts(suite.results), connections: bridge?.connections() ?? 0 }
}

it('our own client has the same results over HTTP/2 as over TCP, case by case', async () => {
  const cases = clientCases().filter(
    (each) =>
      !LARGE.includes(each.family) &&
      (each.kind === 'frames' || TRAVELLING_ANSWERS.test(each.name)),
  )
  const direct = await checkClient(cases, false)
  const bridging = await checkClient(cases, true)

  expect(cases.length).toBeGreaterThan(200)
  expect(direct.results.filter((line) => / (strict-)?fail /.test(line))).toEqual([])
  expect(bridging.results).toEqual(direct.results)
  expect(bridging.connections).toBe(1)
})
