/**
 * A client of topics in Python, which was written from docs/topics-wire.md alone.
 */

import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { embeddedServer, WebSockets } from '../../src/index.ts'
import { defineTopic, Topics } from '../../src/topics/index.ts'

const PYTHON = '/usr/bin/python3'
const PROGRAM = fileURLToPath(new URL('python/topics_client.py', import.meta.url))
const Room = defineTopic('rooms/:room', { history: { size: 100, age: 60_000 } })

it('a Python client publishes, loses its connection, resumes and misses nothing', async () => {
  const server = embeddedServer({ port: 0, host: '127.0.0.1' }, (app) => {
    app.install(WebSockets)
    const topics = app.install(Topics)
    topics.allow(Room, { subscribe: () => true, publish: () => true })
    app.routing((route) => topics.serve(route, '/live'))
  })
  await server.start()

  const url = `ws://127.0.0.1:${server.address.port}/live`
  const { stdout } = await promisify(execFile)(PYTHON, [PROGRAM, url], { timeout: 20_000 })
  await server.stop()

  expect(JSON.parse(stdout)).toEqual({
    seen: ['one', 'two', 'three'],
    answers: [[1, false], 'too large', [2, true], [3, false]],
  })
})
