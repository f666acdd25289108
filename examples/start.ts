/**
 * `npm start`: serves the chat and the echo, with their pages, until Ctrl-C.
 *
 * `PORT` chooses the port (8080; 0 takes any free one). `HOST` chooses the address: 127.0.0.1, this
 * machine alone; 0.0.0.0 lets in the whole network.
 */

import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { embeddedServer } from 'towpath'
import { examples } from './app.ts'
import { serveStaticFiles } from './static-files.ts'

await main()

async function main(): Promise<void> {
  const host = process.env['HOST'] || '127.0.0.1'
  const port = readPort(process.env['PORT'] || '8080')
  if (port === null) return fail('Cannot read PORT: expected a whole number from 0 to 65535')

  const server = embeddedServer({ host, port, http: serveStaticFiles(findPages()) }, examples)
  try {
    await server.start()
  } catch (error) {
    return fail(explain(error, host, port))
  }
  const { address } = server
  process.stdout.write(`Towpath examples: ${formatUrl(address.host, address.port)}\n`)
}

function readPort(value: string): number | null {
  return /^\d{1,5}$/.test(value) && Number(value) <= 65_535 ? Number(value) : null
}

/** The pages are served as they are written: from `examples/`, also when this runs from `build/`. */
function findPages(): Record<string, string> {
  let root = new URL('.', import.meta.url)
  while (!existsSync(new URL('package.json', root))) root = new URL('..', root)
  const folder = (path: string): string => fileURLToPath(new URL(`examples/${path}`, root))
  return {
    '/': folder('public/'),
    '/chat/': folder('chat/public/'),
    '/echo/': folder('echo/public/'),
  }
}

function explain(error: unknown, host: string, port: number): string {
  const where = `Cannot listen on ${host}, port ${port}`
  switch (findSystemCode(error)) {
    case 'EADDRINUSE':
      return `${where}: the port is in use, expected a free one (PORT=8081 npm start)`
    case 'EACCES':
      return `${where}: not allowed, expected a port from 1024 (PORT=8080 npm start)`
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `${where}: not an address of this machine (HOST=127.0.0.1 npm start)`
    default:
      throw error
  }
}

/** The code that Node gave the error at the bottom: `EADDRINUSE` and the like. */
function findSystemCode(error: unknown): string | null {
  if (!(error instanceof Error)) return null
  if ('syscall' in error && 'code' in error) return String(error.code)
  return findSystemCode(error.cause)
}

function formatUrl(host: string, port: number): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}/`
}

function fail(message: string): void {
  process.stderr.write(`${message}\n`)
  process.exitCode = 1
}
