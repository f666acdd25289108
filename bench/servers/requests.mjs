/**
 * One request, validated on its way in and its answer on the way out, answered in three ways.
 *
 * `BENCH_REQUESTS` = `typed` (`towpath/messages`), `loop` (a loop over `session.incoming` that is
 * written by hand), or `socket.io` (an acknowledgement). The rest is as contract.mjs says.
 */

import { createServer } from 'node:http'
import process from 'node:process'
import { pathToFileURL } from 'node:url'

import { z } from 'zod'

import { port, ready, requirePeer } from './contract.mjs'

const dist = process.env.TOWPATH_DIST
const load = (path) => import(dist ? pathToFileURL(`${dist}/${path}`).href : `../../dist/${path}`)

const history = z.object({ room: z.string().max(100), limit: z.int().min(1).max(100) })
const lines = z.object({ lines: z.array(z.string()) })
const answer = ({ room, limit }) => ({ lines: [`${room}: the lock is open`, `1 of ${limit}`] })

const STARTS = { typed: startTyped, loop: startLoop, 'socket.io': startSocketIo }
await STARTS[process.env.BENCH_REQUESTS]()

async function startTyped() {
  const { defineContract, typed } = await load('messages/index.js')
  const contract = defineContract({
    name: 'bench',
    client: { history: { request: history, response: lines } },
  })
  await startTowpath(contract.protocols, (session) =>
    typed(session, contract).serve({ history: answer }),
  )
}

async function startLoop() {
  await startTowpath(['bench+json'], async ({ incoming, send }) => {
    for await (const frame of incoming) {
      const { type, id, data } = JSON.parse(frame.readText())
      if (type !== 'history') throw new Error(`Cannot answer "${type}"`)
      const response = lines.parse(answer(history.parse(data)))
      await send(JSON.stringify({ type: '.response', id, data: response }))
    }
  })
}

async function startTowpath(protocols, handler) {
  const { WebSockets, embeddedServer } = await load('index.js')
  const server = embeddedServer({ port, host: '127.0.0.1' }, (app) => {
    app.install(WebSockets)
    app.routing((route) => {
      route.webSocket('/', { protocols }, handler)
    })
  })
  await server.start()
  ready(server.address.port, () => globalThis.gc())
}

function startSocketIo() {
  const { Server } = requirePeer('socket.io')
  const http = createServer()
  new Server(http, { transports: ['websocket'], serveClient: false }).on('connection', (socket) => {
    socket.on('history', (data, acknowledge) => {
      acknowledge(lines.parse(answer(history.parse(data))))
    })
  })
  http.listen(port, '127.0.0.1', () => ready(http.address().port, () => globalThis.gc()))
}
