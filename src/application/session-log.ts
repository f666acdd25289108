/**
 * The plugin `SessionLog`: one line in the log for each session, and one for each refused upgrade.
 */

import { readChoice } from '../base/internal.ts'
import type { CloseInfo } from '../session/index.ts'
import type {
  Application,
  ApplicationEvents,
  Plugin,
  WebSocketServerSession,
} from './application.ts'
import { logSafely } from './logger.ts'
import { definePlugin } from './plugin.ts'

/** The options of `SessionLog`. */
export interface SessionLogOptions {
  /** The level of the lines. @defaultValue 'info' */
  readonly level?: 'debug' | 'info'
}

/**
 * Logs each session when it ends, and each refused upgrade. The lines have no payload, no path and
 * no query: a path may name a person. The default logger ignores both levels; pino shows `info`.
 *
 * Ktor: `CallLogging`.
 *
 * @example
 * app.install(SessionLog)
 */
export const SessionLog: Plugin<SessionLogOptions, void> = definePlugin<SessionLogOptions>({
  name: 'SessionLog',
  optionNames: ['level'],
  install(app, options) {
    const level = readChoice('install SessionLog', 'level', options.level, 'info', [
      'debug',
      'info',
    ])
    const write = (facts: object, message: string): void =>
      logSafely(() => app.logger[level](facts, message))
    app.monitor.on('sessionClosed', ({ session, info }) => {
      write(sessionFacts(app, session, info), 'WebSocket session ended')
    })
    app.monitor.on('upgradeRefused', (refused) => {
      write(refusalFacts(refused), 'WebSocket upgrade refused')
    })
  },
})

function sessionFacts(
  { clock }: Application,
  session: WebSocketServerSession,
  { reason, initiator, cause }: CloseInfo,
): object {
  const { openedAt, messages, bytes } = session.statistics
  return {
    session: session.id,
    route: session.route,
    remote: session.call.request.origin.remoteHost,
    protocol: session.protocol,
    durationMs: Math.round(clock.now() - openedAt),
    messages,
    bytes,
    code: reason.code,
    initiator,
    cause: codeOf(cause),
  }
}

function refusalFacts(refused: ApplicationEvents['upgradeRefused']): object {
  const { request, route, status, reason, cause } = refused
  return { route, remote: request.origin.remoteHost, status, reason, cause: codeOf(cause) }
}

/** The stable code of an error, or its name; `null` if there is no error. Never its message. */
function codeOf(error: unknown): string | null {
  if (!(error instanceof Error)) return null
  const code: unknown = Reflect.get(error, 'code')
  return typeof code === 'string' ? code : error.name
}
