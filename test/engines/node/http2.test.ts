import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

import { careless } from '../../suites/careless.ts'
import { howItEnds } from '../../suites/how-it-ends.ts'
import { certificate } from '../../support/certificate.ts'
import { serveHttp2 } from '../../support/http2-server.ts'
import { http2Host } from '../../support/node-host.ts'

howItEnds(http2Host)
careless(http2Host)

const MAJOR = Number(process.versions.node.split('.')[0])

// Node 20 has no WebSocket of its own, and that of Node 22 and 24 speaks HTTP/1.1.
it.skipIf(MAJOR < 26)(
  'the WebSocket of Node 26 opens its sockets over HTTP/2 by itself',
  async () => {
    await using server = await serveHttp2({}, (app) =>
      app.routing((route) => {
        route.webSocket('/version', ({ call, send }) => send(call.request.origin.version))
      }),
    )
    const folder = await mkdtemp(join(tmpdir(), 'towpath-'))
    const ca = join(folder, 'ca.pem')
    await writeFile(ca, certificate.cert)
    const script = `
    const socket = new WebSocket(process.env.URL)
    socket.onmessage = ({ data }) => console.log(data)
    // Its HTTP/2 connection does not keep the process alive.
    const timer = setInterval(() => {}, 1000)
    socket.onclose = ({ code, wasClean }) => {
      console.log(code, wasClean)
      clearInterval(timer)
    }
  `
    const url = `wss://localhost:${server.address.port}/version`
    // Node reads its authorities when it starts.
    const env = { ...process.env, NODE_EXTRA_CA_CERTS: ca, URL: url }
    const { stdout } = await promisify(execFile)(process.execPath, ['--eval', script], { env })
    await rm(folder, { recursive: true })

    expect(stdout).toBe('HTTP/2\n1000 true\n')
  },
)
