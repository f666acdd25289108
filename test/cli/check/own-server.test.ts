/**
 * Our own server and our own client under `towpath check`, over TCP and HTTP/2. The large cases run
 * in `test/suites/conformance/`.
 */

import { describe, expect, it } from 'vitest'
import {
  embeddedServer,
  type EmbeddedServer,
  type EmbeddedServerOptions,
  permessageDeflate,
  WebSockets,
} from '../../../src/index.ts'
import { createWebSocketClient } from '../../../src/node-client.ts'
import {
  clientCases,
  http2ServerCases,
  serverCases,
} from '../../../src/cli/check/cases/all-cases.ts'
import type { CaseResult } from '../../../src/cli/check/check-result.ts'
import { CheckServer } from '../../../src/cli/check/server/check-server.ts'
import { examine, runAll, runCases } from '../../../src/cli/check/check-run.ts'
import type { Http2ServerCase } from '../../../src/cli/check/http2/http2-case.ts'
import { Http2CaseRunner } from '../../../src/cli/check/http2/run-http2-case.ts'
import type { CheckTarget } from '../../../src/cli/check/wire/open-connection.ts'
import { readDialerOptions } from '../../../src/engines/node/internal.ts'
import { waitingSystemClock } from '../../../src/base/internal.ts'

/** Nothing should need it: it ends waits that would never end. */
const DEADLINE_MS = 120_000

const LARGE = ['limits', 'compression']

function differences(results: readonly CaseResult[]): string[] {
  return results
    .filter(({ verdict }) => verdict === 'fail' || verdict === 'strict-fail')
    .map(({ family, name, why }) => `${family}: ${name}: ${why}`)
}

/** An echo that compresses. */
function serve(options: Partial<EmbeddedServerOptions>): Promise<EmbeddedServer> {
  const address = { port: 0, host: '127.0.0.1', signals: false }
  return embeddedServer({ ...address, ...options }, (app) => {
    app.install(WebSockets, { extensions: [permessageDeflate()] })
    app.routing((route) => {
      route.webSocket('/', async ({ incoming, send }) => {
        for await (const frame of incoming) await send(frame)
      })
    })
  }).start()
}

function targetOf({ address }: EmbeddedServer): CheckTarget {
  const url = new URL(`ws://127.0.0.1:${address.port}/`)
  return {
    url,
    settings: readDialerOptions({}),
    connectTimeout: DEADLINE_MS,
    request: { path: '/', host: url.host, isSecure: false, lines: [] },
    protocols: [],
  }
}

describe('towpath check', () => {
  it.each(['auto', 'stream'] as const)(
    'E-48 our own server has no fail and no strict-fail (%s)',
    async (transport) => {
      await using server = await serve({ transport })
      const target = targetOf(server)
      const { signal } = new AbortController()

      const facts = await examine(target, waitingSystemClock, DEADLINE_MS, signal)
      const cases = serverCases().filter(({ family }) => !LARGE.includes(family))
      const settings = { cases, deadline: DEADLINE_MS, concurrency: 8 }
      const { results } = await runCases(target, facts, settings, waitingSystemClock, signal)

      expect(facts.deflates).toBe(true)
      expect(results).toHaveLength(cases.length)
      expect(differences(results)).toEqual([])
    },
  )

  it('E-48 our own server has no fail and no strict-fail over HTTP/2', async () => {
    await using server = await serve({ http2: { cleartext: true } })
    const runner = new Http2CaseRunner(targetOf(server), waitingSystemClock, DEADLINE_MS)
    const { signal } = new AbortController()

    const facts = await runner.examine(signal)
    const cases = http2ServerCases().filter(({ family }) => !LARGE.includes(family))
    const settings = { cases, deadline: DEADLINE_MS, concurrency: 8 }
    const runOne = (each: Http2ServerCase) => runner.run(each, facts, signal)
    const { results } = await runAll(runOne, settings, waitingSystemClock, signal)

    expect(facts.deflates).toBe(true)
    expect(results).toHaveLength(cases.length)
    expect(differences(results)).toEqual([])
  })

  it('E-48 our own client has no fail and no strict-fail', async () => {
    const cases = clientCases().filter(({ family }) => !LARGE.includes(family))
    const parts = { cases, clock: waitingSystemClock, deadline: DEADLINE_MS, tls: null }
    await using server = new CheckServer(parts)
    const port = await server.listen('127.0.0.1', 0)
    const client = createWebSocketClient({ extensions: [permessageDeflate()] })
    for (let index = 0; index < cases.length; index++) {
      await client
        .webSocket(`ws://127.0.0.1:${port}/`, async ({ incoming, send }) => {
          for await (const frame of incoming) await send(frame)
        })
        .catch(() => {
          // The server broke a rule, which is what most cases are about.
        })
    }
    await server.finished

    expect(server.results).toHaveLength(cases.length)
    expect(differences(server.results)).toEqual([])
  })
})
