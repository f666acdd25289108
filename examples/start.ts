/**
 * `npm start`: serves the chat, the echo, the dashboard, the browser page and the task list, with
 * their pages, until Ctrl-C.
 *
 * `PORT` chooses the port (8080; 0 takes any free one). `HOST` chooses the address: 127.0.0.1, this
 * machine alone; 0.0.0.0 lets in the whole network.
 */

import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { ListenError, embeddedServer } from 'towpath'
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
    if (!(error instanceof ListenError)) throw error
    return fail(`${error.message}; PORT and HOST choose another place`)
  }
  const { address } = server
  process.stdout.write(`Towpath examples: ${formatUrl(address.host, address.port)}\n`)
}

function readPort(value: string): number | null {
  return /^\d{1,5}$/.test(value) && Number(value) <= 65_535 ? Number(value) : null
}

/**
 * The pages are served as they are written. The client that they import is the compiled library.
 */
function findPages(): Record<string, string> {
  const root = new URL('../', import.meta.url)
  const folder = (path: string): string => fileURLToPath(new URL(`examples/${path}`, root))
  const library = fileURLToPath(new URL('dist/', root))
  return {
    ...(existsSync(library) ? { '/towpath/': library } : {}),
    '/': folder('public/'),
    '/browser-page/': folder('browser-page/public/'),
    '/chat/': folder('chat/public/'),
    '/contract/': folder('contract/public/'),
    '/echo/': folder('echo/public/'),
    '/reconnecting-dashboard/': folder('reconnecting-dashboard/public/'),
  }
}

function formatUrl(host: string, port: number): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}/`
}

function fail(message: string): void {
  process.stderr.write(`${message}\n`)
  process.exitCode = 1
}
