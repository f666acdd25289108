/**
 * Our own server and our own client under `towpath check`, over TCP. The large cases run in
 * `test/suites/conformance/`.
 */

import { describe, expect, it } from 'vitest'
import { embeddedServer, permessageDeflate, WebSockets } from '../../../src/index.ts'
import { createWebSocketClient } from '../../../src/node-client.ts'
import { clientCases, serverCases } from '../../../src/cli/check/cases/all-cases.ts'
import type { CaseResult } from '../../../src/cli/check/check-result.ts'
import { CheckServer } from '../../../src/cli/check/server/check-server.ts'
import { examine, runCases } from '../../../src/cli/check/check-run.ts'
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

describe('towpath check', () => {
  it.each(['auto', 'stream'] as const)(
    'E-48 our own server has no fail and no strict-fail (%s)',
    async (transport) => {
      const server = await embeddedServer(
        { port: 0, host: '127.0.0.1', signals: false, transport },
        (app) => {
          app.install(WebSockets, { extensions: [permessageDeflate()] })
          app.routing((route) => {
            route.webSocket('/', async ({ incoming, send }) => {
              for await (const frame of incoming) await send(frame)
            })
          })
        },
      ).start()
      const url = new URL(`ws://127.0.0.1:${server.address.port}/`)
      const target = {
        url,
        settings: readDialerOptions({}),
        connectTimeout: DEADLINE_MS,
        request: { path: '/', host: url.host, isSecure: false, lines: [] },
        protocols: [],
      }
      const { signal } = new AbortController()

      const facts = await examine(target, waitingSystemClock, DEADLINE_MS, signal)
      const cases = serverCases().filter(({ family }) => !LARGE.includes(family))
      const settings = { cases, deadline: DEADLINE_MS, concurrency: 8 }
      const { results } = await runCases(target, facts, settings, waitingSystemClock, signal)
      await server.stop({ grace: 0 })

      expect(facts.deflates).toBe(true)
      expect(results).toHaveLength(cases.length)
      expect(differences(results)).toEqual([])
    },
  )

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
