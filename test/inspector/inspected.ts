/** An application with an inspector, in memory, and the page's end of its session. */

import type { Application, Logger } from '../../src/application/index.ts'
import { WebSockets } from '../../src/application/index.ts'
import { seconds } from '../../src/base/index.ts'
import { Inspector, type InspectorOptions } from '../../src/inspector/index.ts'
import type { Facts, PageMessage, ServerMessage } from '../../src/inspector/wire.ts'
import { Frame } from '../../src/protocol/index.ts'
import {
  type ConnectOptions,
  type TestApplication,
  type TestSession,
  withTestApplication,
} from '../../src/testing/index.ts'

type Snapshot = Extract<ServerMessage, { type: 'snapshot' }>

/** A page that is open. */
export class OpenPage {
  readonly session: TestSession
  readonly #t: TestApplication
  readonly received: ServerMessage[] = []

  constructor(session: TestSession, t: TestApplication) {
    this.session = session
    this.#t = t
    void session.incoming.consumeEach((frame) => {
      if (!(frame instanceof Frame.Text)) return
      this.received.push(JSON.parse(frame.readText()) as ServerMessage) // the server's own
    })
  }

  async ask(message: PageMessage | string): Promise<void> {
    await this.session.send(typeof message === 'string' ? message : JSON.stringify(message))
    await this.#t.settle()
  }

  /** The snapshot of the next second. */
  async snapshot(): Promise<Snapshot> {
    const before = this.snapshots.length
    await this.#t.clock.advance(seconds(1))
    const next = this.snapshots.at(-1)
    if (next === undefined || this.snapshots.length === before) throw new Error('no snapshot came')
    return next
  }

  async facts(): Promise<Facts> {
    return (await this.snapshot()).facts
  }

  get snapshots(): Snapshot[] {
    return this.received.filter((message) => message.type === 'snapshot')
  }
}

/** What `inspect` gives to a test. */
export interface Inspected {
  readonly t: TestApplication
  readonly app: Application
  /** Opens a page. */
  readonly open: (options?: ConnectOptions) => Promise<OpenPage>
  /** What the logger got: level, message and facts. */
  readonly lines: unknown[][]
}

/** Runs `test` with an application that echoes at `/echo/:name`. */
export async function inspect(
  options: Partial<InspectorOptions>,
  test: (inspected: Inspected) => Promise<void>,
): Promise<void> {
  const lines: unknown[][] = []
  const note =
    (level: string) =>
    (facts: object, message: string): void =>
      void lines.push([level, message, facts])
  const logger: Logger = {
    debug: note('debug'),
    info: note('info'),
    warn: note('warn'),
    error: note('error'),
  }
  await withTestApplication(
    async (t) => {
      const app = t.application
      app.install(WebSockets, { pingPeriod: seconds(10), origins: 'any' })
      app.install(Inspector, { authorize: () => undefined, ...options })
      app.routing((route) => {
        route.webSocket('/echo/:name', { protocols: ['v1'] }, async ({ incoming, send }) => {
          for await (const frame of incoming) await send(frame)
        })
      })
      const open = async (client: ConnectOptions = {}): Promise<OpenPage> =>
        new OpenPage(await t.connect('/towpath', client), t)
      await test({ t, app, open, lines })
    },
    { logger },
  )
}
