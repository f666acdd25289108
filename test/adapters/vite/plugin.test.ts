import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createServer, type Plugin, type ViteDevServer } from 'vite'
import { WebSocket } from 'ws'

import { type Application, type ConnectMiddleware, throughMiddleware, WebSockets } from 'towpath'
import { towpath } from '../../../src/adapters/vite/plugin.ts'
import { greetings } from '../../mounts/application.ts'
import { mountSuite } from '../../suites/mounts.ts'
import { certificate } from '../../support/certificate.ts'

const login: ConnectMiddleware = (request, response, next) => {
  if (request.headers.authorization === undefined) {
    response.writeHead(401, { 'www-authenticate': 'Basic' }).end('log in first')
    return
  }
  Object.assign(request, { user: 'ada' })
  response.appendHeader('set-cookie', 'seen=1')
  next()
}

/** The modules find the sources here: Vite runs them outside of the test runner. */
const shared = {
  WebSockets,
  greet: greetings(throughMiddleware(login)),
  /** Declares a WebSocket at `path` that says `text` and stays. */
  saying: (path: string, text: string) => (app: Application) => {
    app.install(WebSockets)
    app.routing((route) => {
      route.webSocket(path, async ({ incoming, send }) => {
        await send(text)
        await incoming.toArray()
      })
    })
  },
}
Object.assign(globalThis, { towpathForVite: shared })

const GREETING = 'export default globalThis.towpathForVite.greet\n'

let root = ''

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'towpath-vite-'))
})

afterAll(async () => {
  await rm(root, { recursive: true })
})

/** `configureServer` of this one adds what the suite asks of a framework. */
const web: Plugin = {
  name: 'web',
  configureServer(server) {
    server.middlewares.use('/plain', (_request: IncomingMessage, response: ServerResponse) =>
      response.end('plain'),
    )
  },
}

async function start(
  files: Readonly<Record<string, string>>,
  server: object = {},
  module = '/sockets.js',
): Promise<Place> {
  for (const [name, text] of Object.entries(files)) await writeFile(join(root, name), text)
  const vite = await createServer({
    root,
    configFile: false,
    logLevel: 'silent',
    optimizeDeps: { noDiscovery: true },
    plugins: [web, towpath({ module })],
    // Changes are told to Vite by the test.
    server: { host: '127.0.0.1', port: 0, watch: null, ...server },
  })
  await vite.listen()
  const http = vite.httpServer as Server
  const { port } = http.address() as AddressInfo
  return { vite, server: http, port, stop: () => vite.close() }
}

interface Place {
  readonly vite: ViteDevServer
  readonly server: Server
  readonly port: number
  stop(): Promise<void>
}

mountSuite(
  'towpath/vite',
  (_serve, carrier) =>
    start({ 'sockets.js': GREETING }, carrier === 'TLS' ? { https: certificate } : {}),
  null,
)

describe('towpath(vite)', () => {
  it('leaves Vite its own socket beside a WebSocket at /', async () => {
    const place = await start({ 'sockets.js': saying('/', 'ours') })

    expect(await opened(place, '/')).toMatchObject({ first: 'ours' })
    const hmr = await opened(place, '/', ['vite-hmr'])
    expect(JSON.parse(hmr.first)).toEqual({ type: 'connected' })
    await place.stop()
  })

  it('loads a changed module again and closes its sessions with 1012', async () => {
    const place = await start({ 'sockets.js': saying('/', 'old') })
    const before = await opened(place, '/')
    const closed = once(before.socket, 'close')

    await change(place, 'sockets.js', saying('/', 'new'))

    expect((await closed)[0]).toBe(1012)
    expect(await opened(place, '/')).toMatchObject({ first: 'new' })
    await place.stop()
  })

  it('loads the module again when a file that it imports has changed, and not for others', async () => {
    const text = (word: string): string => `export const word = '${word}'\n`
    const place = await start({
      'word.js': text('old'),
      'other.js': '',
      'sockets.js': `import { word } from './word.js'\n${saying('/', '${word}')}`,
    })
    const before = await opened(place, '/')
    const closed = once(before.socket, 'close')

    await change(place, 'other.js', 'export {}\n')
    expect(await opened(place, '/')).toMatchObject({ first: 'old' })
    await change(place, 'word.js', text('new'))

    expect((await closed)[0]).toBe(1012)
    expect(await opened(place, '/')).toMatchObject({ first: 'new' })
    await place.stop()
  })

  it('shows an error of the module in the overlay, and the old application goes on', async () => {
    const place = await start({ 'sockets.js': saying('/', 'old') })
    const before = await opened(place, '/')
    const hmr = await opened(place, '/', ['vite-hmr'])
    const overlay = messageOf(hmr.socket, 'error')

    await change(place, 'sockets.js', 'throw new Error("broken")\n')

    expect(await overlay).toMatchObject({ err: { message: 'broken', plugin: 'towpath' } })
    expect(await opened(place, '/')).toMatchObject({ first: 'old' })
    expect(before.socket.readyState).toBe(WebSocket.OPEN)

    const gone = messageOf(hmr.socket, 'update')
    await change(place, 'sockets.js', saying('/', 'mended'))

    expect(await gone).toMatchObject({ updates: [] })
    expect(await opened(place, '/')).toMatchObject({ first: 'mended' })
    await place.stop()
  })

  it('says in the overlay when the module has no function as its default export', async () => {
    const place = await start({ 'sockets.js': saying('/', 'old') })
    await opened(place, '/')
    const hmr = await opened(place, '/', ['vite-hmr'])
    const overlay = messageOf(hmr.socket, 'error')

    await change(place, 'sockets.js', 'export const app = 1\n')

    expect(await overlay).toMatchObject({
      err: { message: expect.stringContaining('default export is undefined') as string },
    })
    await place.stop()
  })

  it('does nothing in middleware mode', async () => {
    const vite = await createServer({
      root,
      configFile: false,
      logLevel: 'silent',
      optimizeDeps: { noDiscovery: true },
      plugins: [towpath({ module: '/nothing.js' })],
      server: { middlewareMode: true, watch: null, ws: false },
    })

    expect(vite.httpServer).toBe(null)
    await vite.close()
  })

  it('throws for an option that is invalid or unknown', () => {
    // @ts-expect-error -- a program without types
    expect(() => towpath({ module: 4711 })).toThrow('expected a path such as "/src/sockets.ts"')
    // @ts-expect-error -- a program without types
    expect(() => towpath({ module: '/a.js', entry: '/b.js' })).toThrow('entry')
  })
})

/** A module that says `text` at `path`. */
function saying(path: string, text: string): string {
  return `export default globalThis.towpathForVite.saying('${path}', \`${text}\`)\n`
}

/** Writes a file and tells Vite, as its watcher would. */
async function change({ vite }: Place, name: string, text: string): Promise<void> {
  const path = join(root, name)
  await writeFile(path, text)
  vite.watcher.emit('change', path)
}

/** Opens a socket that has got its first message. */
async function opened(
  { port }: Place,
  path: string,
  protocols: string[] = [],
): Promise<{ readonly socket: WebSocket; readonly first: string }> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, protocols)
  const [data] = (await once(socket, 'message')) as [Buffer]
  socket.on('error', () => {})
  return { socket, first: data.toString() }
}

/** The next message of Vite's socket with this `type`. */
function messageOf(socket: WebSocket, type: string): Promise<object> {
  return new Promise((resolve) => {
    socket.on('message', (data: Buffer) => {
      const message = JSON.parse(data.toString()) as { type: string }
      if (message.type === type) resolve(message)
    })
  })
}
