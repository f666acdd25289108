/**
 * Answers the health checks of load balancers and of Kubernetes. They cost no route, pass no
 * interceptor, and are answered before the `http` listener is asked.
 */

import type { Application } from '../../../application/index.ts'
import { readiness } from '../../../application/index.ts'
import { checked, kindOf, type OptionRule, optionReader } from '../../../base/internal.ts'
import type { HttpAnswer } from '../upgrades/http-answer.ts'

/** The paths of health checks. */
export interface HealthOptions {
  /**
   * A path that is answered with 200 as long as the event loop turns.
   *
   * @defaultValue none
   */
  readonly live?: string

  /**
   * A path that is answered with `readiness(app)`: 200, or 503 while the application leaves or
   * stops, and while `memoryBudget` refuses new sessions.
   *
   * @defaultValue none
   */
  readonly ready?: string
}

/** The checked paths; `null`: no such check. */
export interface HealthPaths {
  readonly live: string | null
  readonly ready: string | null
}

/** The option `health`; `null`: no health checks. */
export const HEALTH_OPTION: OptionRule<HealthPaths | null> = checked<HealthPaths | null>(
  null,
  readHealth,
)

function readHealth(act: string, options: unknown): HealthPaths {
  const given = optionReader(act).fields('health', options, ['live', 'ready'])
  return {
    live: readPath(act, 'live', Reflect.get(given, 'live')),
    ready: readPath(act, 'ready', Reflect.get(given, 'ready')),
  }
}

function readPath(act: string, name: keyof HealthOptions, path: unknown): string | null {
  if (path === undefined) return null
  if (typeof path === 'string' && /^\/[^?#]*$/.test(path)) return path
  const what = typeof path === 'string' ? `"${path}"` : kindOf(path)
  throw new TypeError(
    `Cannot ${act}: option "health.${name}" is ${what}, expected a path that begins with "/"`,
  )
}

/**
 * Returns the answer to a request for `target`; `null` if that is the path of no health check.
 *
 * @param target of the request line: path and query.
 */
export function healthAnswer(
  application: Application,
  paths: HealthPaths | null,
  { method, target }: { readonly method: string | undefined; readonly target: string },
): HttpAnswer | null {
  if (paths === null) return null
  const { live, ready } = paths
  const [path] = target.split('?', 1)
  if (path !== live && path !== ready) return null
  if (method !== 'GET' && method !== 'HEAD') return answer(405, METHOD_NOT_ALLOWED, ALLOW)
  if (path === live) return answer(200, 'live\n')
  const { status, body } = readiness(application)
  return answer(status, body)
}

const METHOD_NOT_ALLOWED = 'Cannot answer: a health check expects GET or HEAD\n'
const ALLOW = [['allow', 'GET, HEAD']] as const

function answer(status: number, body: string, headers: HttpAnswer['headers'] = []): HttpAnswer {
  return {
    status,
    headers: [
      ['content-type', 'text/plain; charset=utf-8'],
      ['cache-control', 'no-store'],
      ...headers,
    ],
    body: Buffer.from(body),
  }
}
