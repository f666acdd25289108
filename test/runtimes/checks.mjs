// What the package does on any runtime with Node's modules: Node, Bun and Deno run this program.
// `npm run check:package` copies it beside the installed package, into build/package/.
//
//     node build/package/checks.mjs      prints each check, and exits with 1 if one has failed

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { connect as connectTcp } from 'node:net'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import {
  attach,
  CloseReason,
  createApplication,
  embeddedServer,
  Frame,
  permessageDeflate,
  WebSockets,
} from 'towpath'
import { connect, openWebSocket } from 'towpath/client'
import { asDuplex, asWebSocket } from 'towpath/interop'
import { withTestApplication } from 'towpath/testing'

const SELF = fileURLToPath(import.meta.url)
const CERTIFICATE = new URL('../../test/support/certificate.ts', import.meta.url)

const CHECK_LIMIT_MS = 20_000
const MIB = 1024 * 1024
const NO_WAIT = { grace: 0 }

/** Settled by the routes, for the checks. */
const deferred = () => {
  let resolve
  const promise = new Promise((done) => (resolve = done))
  return { promise, resolve }
}

/** The application under test. */
function routes(world) {
  return (app) => {
    app.install(WebSockets, {
      maxConnectionsPerAddress: Infinity,
      maxMessageSize: 16 * MIB,
      extensions: [permessageDeflate()],
    })
    app.monitor.on('sessionClosed', ({ info }) => world.closed.shift()?.resolve(info))
    app.routing((route) => {
      route.webSocket('/echo', async ({ incoming, send }) => {
        for await (const frame of incoming) await send(frame)
      })
      route.webSocket('/protocol', { protocols: ['b', 'a'] }, ({ protocol, send }) =>
        send(protocol),
      )
      route.webSocket('/fail', () => {
        throw new Error('on purpose')
      })
      route.webSocket('/pings', async (session) => {
        session.pingInterval = { milliseconds: 20 }
        while (session.roundTripTime === null) await session.delay({ milliseconds: 5 })
        await session.send('answered')
      })
      route.webSocket('/slow', async ({ incoming, send }) => {
        await world.release.promise
        let bytes = 0
        for await (const frame of incoming) {
          bytes += frame.buffer.length
          if (bytes === 64 * MIB) break
        }
        await send(`${bytes}`)
      })
      route.webSocket('/flood', async ({ outgoing, delay, incoming }) => {
        let sent = 0
        const chunk = new Uint8Array(MIB)
        while (sent < 512 && outgoing.trySend(chunk) === 'sent') {
          sent++
          await delay(0)
        }
        world.flooded.resolve(sent)
        await incoming.toArray()
      })
      route.route('/private', (inside) => {
        inside.intercept((call) =>
          call.request.headers.get('authorization') === 'let me in'
            ? call.response.headers.append('set-cookie', 'seen=1')
            : new Response('log in first', { status: 401 }),
        )
        inside.webSocket('/', ({ send }) => send('welcome'))
      })
    })
  }
}

const quiet = { debug() {}, info() {}, warn() {}, error() {} }

/** Starts a server of one kind, and gives it to `block`. */
async function serving(kind, block) {
  const world = { closed: [], release: deferred(), flooded: deferred() }
  const transport = kind.endsWith('stream') ? 'stream' : 'auto'
  const plain = (_request, response) => response.end('plain')
  if (kind.startsWith('attach')) {
    const http = createServer(plain)
    const attachment = attach(createApplication(routes(world), { logger: quiet }), http, {
      transport,
    })
    http.listen(0, '127.0.0.1')
    await once(http, 'listening')
    world.stop = () => attachment.stop(NO_WAIT)
    await block(http.address().port, world)
    await world.stop()
    http.close()
    http.closeAllConnections()
    return
  }
  const options = {
    port: 0,
    host: '127.0.0.1',
    signals: false,
    transport,
    http: plain,
    logger: quiet,
  }
  const server = await embeddedServer(options, routes(world)).start()
  world.stop = () => server.stop(NO_WAIT)
  await block(server.address.port, world)
  await world.stop()
}

const open = (port, path, options) => openWebSocket(`ws://127.0.0.1:${port}${path}`, options)

const textOf = async (session) => (await session.incoming.receive()).readText()

/** A client that sends bytes, and keeps all that it gets. */
async function raw(port) {
  const socket = connectTcp({ port, host: '127.0.0.1', allowHalfOpen: true })
  let received = Buffer.alloc(0)
  let changed = () => {}
  socket.on('error', () => {})
  socket.on('data', (bytes) => {
    received = Buffer.concat([received, bytes])
    changed()
  })
  socket.on('end', () => changed())
  await once(socket, 'connect')
  return {
    socket,
    until: async (text) => {
      while (!received.includes(text, 0, 'latin1')) {
        assert(!socket.readableEnded, `the connection ended after ${received.toString('latin1')}`)
        await new Promise((resolve) => (changed = resolve))
      }
      return received.toString('latin1')
    },
  }
}

const upgrade = (path) =>
  `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n'

/** A text frame whose mask is zero. */
const masked = (text) => `\x81${String.fromCharCode(0x80 + text.length)}\0\0\0\0${text}`

const bytes = (text) => Buffer.from(text, 'latin1')

const SERVER_CHECKS = {
  'echoes messages of all sizes': (kind) =>
    serving(kind, async (port) => {
      const session = await open(port, '/echo', { maxMessageSize: 16 * MIB })
      for (const size of [0, 1, 125, 126, 65_535, 65_536, MIB, 8 * MIB]) {
        const payload = new Uint8Array(size).fill(size % 251)
        await session.send(payload)
        const { buffer } = await session.incoming.receive()
        assert.equal(Buffer.compare(buffer, payload), 0)
      }
      await session.close()
    }),
  'echoes to the WebSocket of the runtime': (kind) =>
    serving(kind, async (port) => {
      if (globalThis.WebSocket === undefined) return
      const socket = new WebSocket(`ws://127.0.0.1:${port}/echo`)
      const message = new Promise((resolve) => (socket.onmessage = resolve))
      await new Promise((resolve) => (socket.onopen = resolve))
      socket.send('hello')
      assert.equal((await message).data, 'hello')
      const closed = new Promise((resolve) => (socket.onclose = resolve))
      socket.close(4000, 'bye')
      assert.equal((await closed).code, 4000)
    }),
  'compresses messages': (kind) =>
    serving(kind, async (port) => {
      const session = await open(port, '/echo', { extensions: [permessageDeflate()] })
      assert.match(session.response.headers.get('sec-websocket-extensions'), /permessage-deflate/)
      for (const text of ['again '.repeat(10_000), 'again '.repeat(20_000)]) {
        await session.send(text)
        assert.equal(await textOf(session), text)
      }
      await session.close()
    }),
  'chooses a subprotocol': (kind) =>
    serving(kind, async (port) => {
      assert.equal(await textOf(await open(port, '/protocol', { protocols: ['a', 'b'] })), 'b')
    }),
  'pings and sees the pong': (kind) =>
    serving(kind, async (port) => {
      assert.equal(await textOf(await open(port, '/pings')), 'answered')
    }),
  'refuses with 401, 404 and 426': (kind) =>
    serving(kind, async (port) => {
      await assert.rejects(open(port, '/private'), { status: 401 })
      await assert.rejects(open(port, '/missing'), { status: 404 })
      if (kind.startsWith('attach')) return
      assert.equal((await fetch(`http://127.0.0.1:${port}/echo`)).status, 426)
    }),
  'puts headers of interceptors on the 101': (kind) =>
    serving(kind, async (port) => {
      const session = await open(port, '/private', { headers: { authorization: 'let me in' } })
      assert.equal(session.response.headers.get('set-cookie'), 'seen=1')
      assert.equal(await textOf(session), 'welcome')
    }),
  'closes with 1002 for a frame without a mask': (kind) =>
    serving(kind, async (port) => {
      const { socket, until } = await raw(port)
      socket.write(bytes(`${upgrade('/echo')}\x81\x01a`))
      await until('\x03\xea')
      socket.destroy()
    }),
  'closes with 1011 when a handler throws': (kind) =>
    serving(kind, async (port) => {
      assert.equal((await (await open(port, '/fail')).closeReason).code, 1011)
    }),
  'receives frames that came with the request': (kind) =>
    serving(kind, async (port) => {
      const { socket, until } = await raw(port)
      socket.write(bytes(upgrade('/echo') + masked('early')))
      await until('\x81\x05early')
      socket.destroy()
    }),
  'upgrades a connection that has been used for a request': (kind) =>
    serving(kind, async (port) => {
      const { socket, until } = await raw(port)
      socket.write('GET /plain HTTP/1.1\r\nHost: a\r\n\r\n')
      await until('plain')
      socket.write(bytes(upgrade('/echo') + masked('after')))
      await until('\x81\x05after')
      socket.destroy()
    }),
  'holds a sender back while the handler does not read': (kind) =>
    serving(kind, async (port, world) => {
      const session = await open(port, '/slow')
      let sent = 0
      const sending = (async () => {
        for (; sent < 64; sent++) await session.send(new Uint8Array(MIB))
      })()
      await new Promise((resolve) => setTimeout(resolve, 500))
      assert(sent < 48, `${sent} MiB were taken from a sender that nobody reads`)
      world.release.resolve()
      await sending
      assert.equal(await textOf(session), `${64 * MIB}`)
    }),
  'holds a handler back while the client does not read': (kind) =>
    serving(kind, async (port, world) => {
      const { socket, until } = await raw(port)
      socket.write(upgrade('/flood'))
      await until('101')
      socket.pause()
      assert((await world.flooded.promise) < 512)
      socket.destroy()
    }),
  'ends the session of a client that ends its side': (kind) =>
    serving(kind, async (port, world) => {
      world.closed.push(deferred())
      const [closed] = world.closed
      const { socket, until } = await raw(port)
      socket.write(bytes(upgrade('/echo') + masked('last')))
      await until('\x81\x04last')
      socket.end()
      assert.equal((await closed.promise).reason.code, 1006)
      socket.destroy()
    }),
  'ends the session of a client that is cut off': (kind) =>
    serving(kind, async (port, world) => {
      world.closed.push(deferred())
      const [closed] = world.closed
      const { socket, until } = await raw(port)
      socket.write(bytes(upgrade('/echo') + masked('last')))
      await until('\x81\x04last')
      socket.destroy()
      assert.equal((await closed.promise).reason.code, 1006)
    }),
  'drains 200 sessions with 1001': (kind) =>
    serving(kind, async (port, world) => {
      const sessions = await Promise.all(Array.from({ length: 200 }, () => open(port, '/echo')))
      await Promise.all(sessions.map((session) => session.send('hello')))
      await Promise.all(sessions.map(textOf))
      const codes = sessions.map(async ({ closeReason }) => (await closeReason).code)
      await world.stop()
      assert.deepEqual([...new Set(await Promise.all(codes))], [1001])
    }),
}

const OTHER_CHECKS = {
  'serves TLS': async () => {
    const text = readFileSync(CERTIFICATE, 'utf8')
    const [key, cert] = text.match(/-----BEGIN [^`]*-----END [A-Z ]+-----\n/g)
    const world = { closed: [], release: deferred(), flooded: deferred() }
    const options = { port: 0, host: '127.0.0.1', signals: false, tls: { key, cert } }
    const server = await embeddedServer(options, routes(world)).start()
    const session = await openWebSocket(`wss://127.0.0.1:${server.address.port}/echo`, {
      tls: { ca: cert },
    })
    await session.send('secret')
    assert.equal(await textOf(session), 'secret')
    await session.close()
    await server.stop(NO_WAIT)
  },
  'stops on SIGTERM, closes sessions with 1001 and exits with 0': async () => {
    const deno = process.versions.deno === undefined ? [] : ['run', '--allow-all']
    const child = spawn(process.execPath, [...deno, SELF, 'serve'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const exited = once(child, 'exit')
    const [line] = await once(child.stdout, 'data')
    const session = await open(Number(line.toString()), '/echo')
    child.kill('SIGTERM')
    assert.equal((await session.closeReason).code, 1001)
    const [code] = await exited
    // Deno tells no code of a child that it has sent a signal to.
    if (process.versions.deno === undefined) assert.equal(code, 0)
  },
  'reconnects a client': () =>
    serving('embedded', async (port) => {
      const opened = []
      const connection = connect(`ws://127.0.0.1:${port}/echo`, {
        reconnect: { baseDelay: { milliseconds: 1 } },
        opened: (session) => {
          opened.push(session)
          return session.send(`session ${opened.length}`)
        },
      })
      assert.equal(await textOf(connection), 'session 1')
      opened[0].terminate()
      assert.equal(await textOf(connection), 'session 2')
      await connection.close()
    }),
  'tests in memory, in virtual time': () =>
    withTestApplication(async (t) => {
      t.application.install(WebSockets)
      t.application.routing((route) => {
        route.webSocket('/later', async ({ delay, send }) => {
          await delay({ hours: 1 })
          await send('an hour later')
        })
      })
      const session = await t.connect('/later')
      await t.clock.advance({ hours: 1 })
      assert.equal(await textOf(session), 'an hour later')
    }),
  'shows a session as a stream and as a socket': () =>
    serving('embedded', async (port) => {
      const stream = asDuplex(await open(port, '/echo'))
      stream.write('through a stream')
      assert.equal(String((await once(stream, 'data'))[0]), 'through a stream')
      stream.end()
      await once(stream, 'close')

      const socket = asWebSocket(open(port, '/echo'))
      await once(socket, 'open')
      socket.send('through a socket')
      assert.equal(String((await once(socket, 'message'))[0]), 'through a socket')
      socket.close()
      await once(socket, 'close')
    }),
  'closes from the client with a code of its own': () =>
    serving('embedded', async (port, world) => {
      world.closed.push(deferred())
      const [closed] = world.closed
      const session = await open(port, '/echo')
      await session.send(new Frame.Text('hello'))
      await textOf(session)
      await session.close(new CloseReason(4000, 'bye'))
      assert.deepEqual((await closed.promise).reason, new CloseReason(4000, 'bye'))
    }),
}

async function runCheck(name, check) {
  let timer
  const tooLate = new Promise((_resolve, reject) => {
    timer = setTimeout(reject, CHECK_LIMIT_MS, new Error('it takes too long'))
  })
  try {
    await Promise.race([check(), tooLate])
    console.log(`ok      ${name}`)
    return true
  } catch (error) {
    console.log(`FAILED  ${name}: ${error.stack}`)
    return false
  } finally {
    clearTimeout(timer)
  }
}

async function main() {
  if (process.argv[2] === 'serve') {
    const world = { closed: [], release: deferred(), flooded: deferred() }
    const server = await embeddedServer({ port: 0, host: '127.0.0.1' }, routes(world)).start()
    console.log(server.address.port)
    return
  }
  const { bun, deno, node } = process.versions
  console.log(bun ? `Bun ${bun}` : deno ? `Deno ${deno}` : `Node ${node}`)
  const results = []
  for (const kind of ['embedded', 'embedded, stream', 'attach']) {
    for (const [name, check] of Object.entries(SERVER_CHECKS)) {
      results.push(await runCheck(`${kind}: ${name}`, () => check(kind)))
    }
  }
  for (const [name, check] of Object.entries(OTHER_CHECKS))
    results.push(await runCheck(name, check))
  const failed = results.filter((good) => !good).length
  console.log(`${results.length - failed} checks passed, ${failed} failed`)
  process.exit(failed === 0 ? 0 : 1)
}

await main()
