/**
 * The listener for everything that is not a WebSocket: the pages of the examples, from memory.
 *
 * All files are read once, at the start, into a table from path to contents. A request is a look-up
 * in that table, so no path that a client invents ever reaches the file system.
 */

import { createHash } from 'node:crypto'
import { readFileSync, readdirSync } from 'node:fs'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { join, relative, sep } from 'node:path'

interface StaticFile {
  readonly contents: Buffer
  readonly contentType: string
  readonly etag: string
}

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  css: 'text/css; charset=utf-8',
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
}

/** `connect-src 'self'` covers the page's own WebSockets too (CSP Level 3 §6.7.2.8). */
const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
}

const NOT_FOUND_PAGE = '/404.html'

/**
 * Serves each folder of `folders` (a path on disk) under its key (a URL path that ends in `/`).
 * `index.html` is what a folder shows. A file whose ending has no known content type is left out.
 * `/404.html` answers a browser that asks for a page that is not there.
 */
export function serveStaticFiles(folders: Readonly<Record<string, string>>): RequestListener {
  const files = new Map<string, StaticFile>()
  for (const [path, folder] of Object.entries(folders)) {
    for (const [name, file] of readFolder(folder)) files.set(path + name, file)
  }
  return (request, response) => answer(files, request, response)
}

function* readFolder(folder: string): Generator<[string, StaticFile]> {
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue
    const file = join(entry.parentPath, entry.name)
    const contentType = CONTENT_TYPES[entry.name.slice(entry.name.lastIndexOf('.') + 1)]
    if (contentType === undefined) continue
    const contents = readFileSync(file)
    const etag = `"${createHash('sha256').update(contents).digest('base64url').slice(0, 22)}"`
    const name = relative(folder, file)
      .split(sep)
      .join('/')
      .replace(/(^|\/)index\.html$/, '$1')
    yield [name, { contents, contentType, etag }]
  }
}

function answer(
  files: ReadonlyMap<string, StaticFile>,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const path = (request.url ?? '/').replace(/\?.*$/s, '')
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return refuse(request, response, 405, { allow: 'GET, HEAD' })
  }
  const file = files.get(path)
  if (file !== undefined) return send(request, response, file)
  if (files.has(`${path}/`)) return refuse(request, response, 308, { location: `${path}/` })
  const notFound = files.get(NOT_FOUND_PAGE)
  const isForPeople = request.headers.accept?.includes('text/html') === true
  if (notFound !== undefined && isForPeople) return send(request, response, notFound, 404)
  return refuse(request, response, 404, {})
}

function send(
  request: IncomingMessage,
  response: ServerResponse,
  file: StaticFile,
  status: 200 | 404 = 200,
): void {
  // The browser keeps its copy and asks each time whether it is still good.
  const headers = { ...SECURITY_HEADERS, 'cache-control': 'no-cache', etag: file.etag }
  if (status === 200 && request.headers['if-none-match'] === file.etag) {
    response.writeHead(304, headers).end()
    return
  }
  const { contents, contentType } = file
  response.writeHead(status, {
    ...headers,
    'content-type': contentType,
    'content-length': contents.length,
  })
  response.end(request.method === 'HEAD' ? undefined : contents)
}

const SENTENCES: Readonly<Record<308 | 404 | 405, string>> = {
  308: 'This page has moved: see Location\n',
  404: 'There is no such page here\n',
  405: 'Only GET and HEAD are answered here\n',
}

function refuse(
  request: IncomingMessage,
  response: ServerResponse,
  status: 308 | 404 | 405,
  headers: Readonly<Record<string, string>>,
): void {
  const body = SENTENCES[status]
  response.writeHead(status, {
    ...SECURITY_HEADERS,
    ...headers,
    'content-type': 'text/plain; charset=utf-8',
    'content-length': body.length,
  })
  response.end(request.method === 'HEAD' ? undefined : body)
}
