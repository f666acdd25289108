/**
 * Whether an application should get new clients: the answer for a load balancer's health check.
 */

import type { Application } from './application.ts'
import { PluginMissingError } from './errors.ts'
import { SharedBudget } from './sessions/memory-budget.ts'
import { WebSockets } from './sessions/websockets-plugin.ts'

/** The answer to a health check. */
export interface Readiness {
  /** 200: send clients here. 503: send them elsewhere. */
  readonly status: 200 | 503
  /** One line of plain text: `ready`, `leaving`, `stopping`, `stopped` or `short of memory`. */
  readonly body: string
}

/**
 * Returns the answer to a health check of `app`, for a server of your own. `embeddedServer` has the
 * option `health`. The status is 503 from the call of `stop()` on, and while `memoryBudget` refuses
 * new sessions.
 *
 * @example
 * createServer((request, response) => {
 *   const { status, body } = readiness(app)
 *   response.writeHead(status).end(body)
 * })
 */
export function readiness(app: Application): Readiness {
  const { state } = app
  if (state !== 'running') return { status: 503, body: `${state}\n` }
  if (isShortOfMemory(app)) return { status: 503, body: 'short of memory\n' }
  return { status: 200, body: 'ready\n' }
}

function isShortOfMemory(app: Application): boolean {
  try {
    const { memoryBudget } = app.plugin(WebSockets)
    return memoryBudget instanceof SharedBudget && memoryBudget.isShort()
  } catch (error) {
    // Without the plugin there are no sessions.
    if (error instanceof PluginMissingError) return false
    throw error
  }
}
