/**
 * Pages of plugins: paths that `embeddedServer` answers before its `http` listener is asked.
 */

import type { IncomingMessage, ServerResponse } from 'node:http'

import type { Application } from '../../../application/index.ts'

/** A request listener of `node:http`. If it returns a promise, the promise is awaited. */
export type HttpListener = (request: IncomingMessage, response: ServerResponse) => unknown

const PAGES = new WeakMap<Application, Map<string, HttpListener>>()

/** Answers the plain requests for `path` with `listener`, over HTTP/1.1 and HTTP/2. */
export function addPage(application: Application, path: string, listener: HttpListener): void {
  const pages = PAGES.get(application) ?? new Map<string, HttpListener>()
  PAGES.set(application, pages.set(path, listener))
}

/**
 * Returns the page at the path of `target`; `null` if there is none. As in the paths of routes, a
 * slash at the end is ignored.
 */
export function pageAt(application: Application, target: string): HttpListener | null {
  const pages = PAGES.get(application)
  if (pages === undefined) return null
  const [path = ''] = target.split('?', 1)
  return pages.get(path) ?? pages.get(path.replace(/\/$/, '')) ?? null
}
