/**
 * Our own server under `towpath check`, over TCP, on both transports. The large cases run in
 * `test/suites/conformance/`.
 */

import { describe, expect, it } from 'vitest'
import { embeddedServer, permessageDeflate, WebSockets } from '../../../src/index.ts'
import { serverCases } from '../../../src/cli/check/cases/all-cases.ts'
import { examine, runCases } from '../../../src/cli/check/check-run.ts'
import { readDialerOptions } from '../../../src/engines/node/internal.ts'
import { waitingSystemClock } from '../../../src/base/internal.ts'

/** Nothing should need it: it ends waits that would never end. */
const DEADLINE_MS = 120_000

const LARGE = ['limits', 'compression']

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
      expect(
        results
          .filter(({ verdict }) => verdict === 'fail' || verdict === 'strict-fail')
          .map(({ family, name, why }) => `${family}: ${name}: ${why}`),
      ).toEqual([])
    },
  )
})
