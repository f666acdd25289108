/**
 * A client in Python that is written from the AsyncAPI document of a contract alone.
 */

import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { embeddedServer, WebSockets } from 'towpath'
import { asyncApi } from 'towpath/asyncapi'
import { typed } from 'towpath/messages'
import { expect, it } from 'vitest'
import { chatContract, LIBRARIES } from '../suites/messages/schemas.ts'
import { serveChat } from '../suites/messages/suite.ts'

/** Debian's, for which the package `websockets` is installed. */
const PYTHON = '/usr/bin/python3'
const PROGRAM = fileURLToPath(new URL('python/asyncapi_client.py', import.meta.url))

it('M-32 a client that knows the document alone sends, asks, streams and uploads', async () => {
  const { zod } = LIBRARIES
  if (zod === undefined) throw new Error('Cannot find zod')
  const chat = chatContract(zod)
  const about = { title: 'Chat', version: '1.0.0', address: '/' }
  const folder = mkdtempSync(join(tmpdir(), 'towpath-asyncapi-'))
  const file = join(folder, 'asyncapi.json')
  writeFileSync(file, JSON.stringify(asyncApi(chat, about)))
  const server = embeddedServer({ host: '127.0.0.1', port: 0, signals: false }, (app) => {
    app.install(WebSockets)
    app.routing((route) => {
      route.webSocket('/', { protocols: chat.protocols, requireProtocol: true }, (session) =>
        serveChat(typed(session, chat)),
      )
    })
  })
  await server.start()
  try {
    const url = `ws://127.0.0.1:${server.address.port}/`
    const { stdout } = await promisify(execFile)(PYTHON, [PROGRAM, file, url])

    expect(JSON.parse(stdout)).toEqual({
      event: { type: 'said', data: { from: 'server', text: 'hello' } },
      response: { type: '.response', id: 1, data: { lines: ['a'] } },
      failure: { type: '.error', id: 3, code: 'NO_SUCH_ROOM', data: { room: 'none' } },
      invalid: {
        type: '.error',
        id: 5,
        code: 'INVALID',
        issues: [{ path: ['room'], message: expect.any(String) as string }],
      },
      items: 100,
      end: { n: 3 },
      'after cancel': { type: '.response', id: 11 },
      upload: { n: 40 },
      bytes: [[1, 2], [255], null],
      close: [1008, 'Invalid message: say'],
    })
  } finally {
    await server.stop({ grace: 0 })
    rmSync(folder, { recursive: true })
  }
})
