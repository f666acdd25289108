import { readFileSync, readdirSync } from 'node:fs'
import type { RequestListener } from 'node:http'
import { extname, join, relative, sep } from 'node:path'

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
}

/**
 * Serves each folder of `folders` (a path on disk) under its key. All files are read once,
 * so no path of a request reaches the file system.
 */
export function servePages(folders: Readonly<Record<string, string>>): RequestListener {
  const files = new Map(
    Object.entries(folders).flatMap(([path, folder]) =>
      filesOf(folder).map((file) => [path + file.name, file] as const),
    ),
  )
  return ({ url = '/' }, response) => {
    const path = url.replace(/\?.*$/, '')
    const file = files.get(path.endsWith('/') ? `${path}index.html` : path)
    if (file === undefined) {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('not found\n')
    } else {
      response.writeHead(200, {
        'content-type': file.contentType,
        'content-security-policy':
          "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'",
        'x-content-type-options': 'nosniff',
      })
      response.end(file.contents)
    }
  }
}

function filesOf(folder: string) {
  return readdirSync(folder, { withFileTypes: true, recursive: true }).flatMap((entry) => {
    const contentType = CONTENT_TYPES[extname(entry.name)]
    if (!entry.isFile() || contentType === undefined) return []
    const path = join(entry.parentPath, entry.name)
    const name = relative(folder, path).split(sep).join('/')
    return [{ name, contentType, contents: readFileSync(path) }]
  })
}
