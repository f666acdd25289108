import { pino } from 'pino'
import { describe, expect, it } from 'vitest'

import {
  createApplication,
  type Logger,
  SessionLog,
  type SessionLogOptions,
  WebSockets,
} from '../../src/application/index.ts'
import { seconds } from '../../src/base/index.ts'
import { embeddedServer } from '../../src/engines/node/embedded-server.ts'
import { withTestApplication } from '../../src/testing/index.ts'

/** Runs a session and a refusal, and returns the lines at `level`. */
async function linesOf(options: SessionLogOptions, level: 'debug' | 'info'): Promise<unknown[]> {
  const lines: unknown[] = []
  const silent = (): void => {}
  const logger: Logger = { debug: silent, info: silent, warn: silent, error: silent }
  logger[level] = (facts, message) => void lines.push([message, facts])
  await withTestApplication(
    async (t) => {
      t.application.install(WebSockets)
      t.application.install(SessionLog, options)
      t.application.routing((route) => {
        route.webSocket('/rooms/:room', { protocols: ['chat'] }, async (session) => {
          await session.incoming.receive()
          await session.delay(seconds(2))
          await session.send('secret answer')
        })
        route.route('/closed', (closed) => {
          closed.intercept(() => new Response('no', { status: 401 }))
          closed.webSocket('/', () => {})
        })
      })
      const session = await t.connect('/rooms/alice?token=secret', { protocols: ['chat'] })
      await session.send('secret question')
      await t.clock.advance(seconds(2))
      await session.closed
      await t.connect('/closed/?token=secret').catch(() => {})
    },
    { logger },
  )
  return lines.filter((line) => JSON.stringify(line).includes('WebSocket'))
}

describe('SessionLog', () => {
  it('D-05 writes one line at the end of a session and one for a refusal, without payload or query', async () => {
    const lines = await linesOf({}, 'info')

    expect(lines).toEqual([
      [
        'WebSocket session ended',
        {
          session: expect.stringMatching(/^[\w-]{22}$/),
          route: '/rooms/:room',
          remote: '127.0.0.1',
          protocol: 'chat',
          durationMs: 2000,
          messages: { incoming: 1, outgoing: 1 },
          bytes: { incoming: expect.any(Number), outgoing: expect.any(Number) },
          code: 1000,
          initiator: 'local',
          cause: null,
        },
      ],
      [
        'WebSocket upgrade refused',
        { route: '/closed', remote: '127.0.0.1', status: 401, reason: 'interceptor', cause: null },
      ],
    ])
    expect(JSON.stringify(lines)).not.toMatch(/secret|alice/)
  })

  it('D-05 writes at the level that is asked for', async () => {
    expect(await linesOf({ level: 'debug' }, 'info')).toEqual([])
    expect(await linesOf({ level: 'debug' }, 'debug')).toHaveLength(2)
  })

  it('refuses other levels', () => {
    expect(() =>
      // @ts-expect-error -- what JavaScript may do
      createApplication((app) => app.install(SessionLog, { level: 'warn' })),
    ).toThrow('Cannot install SessionLog: option "level" is a string, expected "debug" or "info"')
  })

  it('D-06 writes its lines with pino', async () => {
    const lines: string[] = []
    const logger = pino({ level: 'info' }, { write: (line: string) => void lines.push(line) })
    await withTestApplication(
      async (t) => {
        t.application.install(WebSockets)
        t.application.install(SessionLog)
        t.application.routing((route) => void route.webSocket('/', () => {}))
        const session = await t.connect('/')
        await session.closed
      },
      { logger },
    )

    const entries = lines.map((line) => JSON.parse(line) as { readonly msg: string })
    expect(entries.find(({ msg }) => msg === 'WebSocket session ended')).toMatchObject({
      level: 30,
      route: '/',
      code: 1000,
    })
  })

  it('D-06 takes pino as the logger of a server', async () => {
    const lines: string[] = []
    const logger = pino({ level: 'info' }, { write: (line: string) => void lines.push(line) })
    const server = embeddedServer({ port: 0, host: '127.0.0.1', signals: false, logger }, (app) =>
      app.install(SessionLog),
    )
    await server.start()
    await server.stop()

    expect(lines.map((line) => (JSON.parse(line) as { readonly msg: string }).msg)).toEqual([
      'Server listens',
      'Application stops',
    ])
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ port: server.address.port, level: 30 })
  })
})
