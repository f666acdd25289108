/**
 * The plugin `Inspector`: a page that shows what an application is doing, for its operators.
 */

import { setImmediate as nextTurn } from 'node:timers/promises'
import { hostname } from 'node:os'

import {
  type Application,
  definePlugin,
  type DefaultWebSocketServerSession,
  type Plugin,
  WebSockets,
  type WebSocketServerSession,
} from '../application/index.ts'
import { addGuest, createGuest, logSafely, remoteHostOf } from '../application/internal.ts'
import { seconds } from '../base/index.ts'
import { kindOf, readSwitch } from '../base/internal.ts'
import type { HttpListener } from '../engines/node/index.ts'
import { addPage } from '../engines/node/internal.ts'
import { CloseReason } from '../protocol/index.ts'
import { type Authorize, Authorization } from './authorization.ts'
import { Endings } from './endings.ts'
import { createPageListener } from './page-listener.ts'
import { Viewer, type ViewerParts } from './viewer.ts'
import { Watch } from './watch.ts'

/** The options of `Inspector`. */
export interface InspectorOptions {
  /**
   * Decides who may look. It is asked for the page, for the session of the page, every 30 seconds
   * while that session is open, and for each action. `undefined` allows; a `Response` refuses, and
   * is the answer. A function that throws, returns another value or takes longer than 10 seconds
   * refuses too.
   *
   * There is no default: `() => undefined` opens the page to every client of the server.
   */
  readonly authorize: Authorize

  /**
   * The path of the page, and of its session. No other route may have this path.
   *
   * @defaultValue '/towpath'
   */
  readonly path?: string

  /**
   * Whether the page may close sessions. Each close is logged at level `warn`, with the address of
   * the operator and the name that `authorize` gave (`InspectorOperator`).
   *
   * @defaultValue false
   */
  readonly actions?: boolean
}

/** What `app.install(Inspector, …)` returns. */
export interface InspectorInstance {
  /** The path of the page. */
  readonly path: string

  /**
   * Answers a request with the page, after `authorize`. `embeddedServer` calls it by itself. For a
   * server of your own, or a framework, mount it at `path`.
   * With Express: `express.get(inspector.path, inspector.listener)`.
   */
  readonly listener: HttpListener
}

const ACT = 'install Inspector'
const DEFAULT_PATH = '/towpath'

/** The most pages that are open at a time. */
export const MAX_VIEWERS = 16

/** The most sockets at a time, with those that are not decided yet. */
const MAX_SOCKETS = 256

/** A page sends short requests. */
const MAX_REQUEST_BYTES = 4096

const TOO_MANY = new CloseReason(CloseReason.Codes.TRY_AGAIN_LATER, 'Too many pages are open')

/**
 * Adds a page with charts and tables of the running application: sessions, traffic, queues, closes,
 * limits, memory and topics. Install `WebSockets` first.
 *
 * @example
 * const operators = new Set(['a-long-token'])
 * app.install(Inspector, {
 *   authorize: ({ request }) =>
 *     operators.has(request.cookies.get('session') ?? '')
 *       ? undefined
 *       : new Response('Please log in', { status: 401 }),
 * })
 */
export const Inspector: Plugin<InspectorOptions, InspectorInstance> = definePlugin<
  InspectorOptions,
  InspectorInstance
>({
  name: 'Inspector',
  optionNames: ['authorize', 'path', 'actions'],
  install(app, options) {
    const authorization = new Authorization(app, readAuthorize(options.authorize))
    const path = readPath(options.path)
    const actions = readSwitch(ACT, 'actions', options.actions, false)
    const listener = createPageListener(app, authorization)
    // Declared first: it refuses a path that is in use, before anything listens.
    const guest = createGuest(app)
    addGuest(app, path, guest)
    openGuest(app, guest, { path, actions, authorization })
    addPage(app, path, listener)
    return { path, listener }
  },
})

interface Settings {
  readonly path: string
  readonly actions: boolean
  readonly authorization: Authorization
}

/** Sets up the sessions of pages. They are in no counter of `app`. */
function openGuest(
  app: Application,
  guest: Application,
  { path, actions, authorization }: Settings,
): void {
  const wallTime = (): number => Date.now()
  const startedAt = wallTime()
  const endings = new Endings(app, wallTime)
  const watch = new Watch({ app, endings, wallTime, turned: () => nextTurn() })
  const parts: ViewerParts = {
    actions,
    mayLook: async (call) => (await authorization.ask(call)) === null,
    closed: (viewer, session) => logClose(app, viewer, session),
  }
  guest.install(WebSockets, {
    // The rule of the application may be wider.
    origins: 'same-origin',
    maxConnections: MAX_SOCKETS,
    maxMessageSize: MAX_REQUEST_BYTES,
    pingPeriod: seconds(15),
  })
  guest.routing((route) => {
    // The check of what the function returns is that of interceptors.
    route.intercept(async (call) => (await authorization.decide(call)) as Response | undefined)
    route.webSocket(path, async (session) => {
      if (watch.viewers < MAX_VIEWERS) await serve(session, watch, parts, startedAt)
      else await session.close(TOO_MANY)
    })
  })
  let stopped: Promise<unknown> | null = null
  app.monitor.on('stopping', () => (stopped = guest.stop({ grace: 0 })))
  app.monitor.on('stopped', () => stopped)
}

async function serve(
  session: DefaultWebSocketServerSession,
  watch: Watch,
  parts: ViewerParts,
  startedAt: number,
): Promise<void> {
  const viewer = new Viewer(session, parts)
  const { actions } = parts
  const { pid, version } = process
  viewer.send({
    type: 'hello',
    actions,
    operator: viewer.operator,
    process: { pid, host: hostname(), node: version },
    startedAt,
    history: watch.history,
  })
  watch.join(viewer)
  try {
    await viewer.run()
  } finally {
    watch.leave(viewer)
  }
}

function logClose(
  app: Application,
  { operator, remote }: Viewer,
  session: WebSocketServerSession,
): void {
  const { id, route } = session
  const facts = {
    session: id,
    route,
    remote: remoteHostOf(session),
    operator,
    operatorRemote: remote,
  }
  logSafely(() => app.logger.warn(facts, 'WebSocket session closed by an operator'))
}

function readAuthorize(authorize: unknown): Authorize {
  if (typeof authorize === 'function') return authorize as Authorize // it is asked, and checked then
  throw new TypeError(
    `Cannot ${ACT}: option "authorize" is ${kindOf(authorize)}, expected a function that decides who may look`,
  )
}

function readPath(path: unknown = DEFAULT_PATH): string {
  if (typeof path === 'string' && /^(?:\/[\w.~-]+)+$/.test(path)) return path
  const what = typeof path === 'string' ? `"${path}"` : kindOf(path)
  throw new TypeError(
    `Cannot ${ACT}: option "path" is ${what}, expected a path such as "/towpath", without parameters`,
  )
}
