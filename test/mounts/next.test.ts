/**
 * Next with a custom server, in development: its own process, because Next changes the globals of
 * the process that it runs in.
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const isInstalled = existsSync(fileURLToPath(new URL('next/node_modules/next', import.meta.url)))
const isSkipped = !isInstalled && process.env['TOWPATH_MOUNTS'] !== 'required'

describe.skipIf(isSkipped)('Next 16 with a custom server', () => {
  let child: ChildProcess
  let lines: AsyncIterator<string>
  let host: string

  /** The next line that begins with `start`. Next prints lines of its own. */
  async function line(start: string): Promise<string> {
    for (;;) {
      const { done, value } = await lines.next()
      if (done === true) throw new Error(`Cannot find a line with ${start}: the server has ended`)
      if (value.startsWith(start)) return value
    }
  }

  beforeAll(async () => {
    child = spawn(process.execPath, ['--import', 'tsx', 'test/mounts/next/server.mjs'], {
      cwd: ROOT,
      env: { ...process.env, NEXT_TELEMETRY_DISABLED: '1' },
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    if (child.stdout === null) throw new TypeError('Cannot read stdout: it is not a pipe')
    lines = createInterface(child.stdout)[Symbol.asyncIterator]()
    host = `127.0.0.1:${(await line('port ')).slice(5)}`
  })

  afterAll(async () => {
    if (child.exitCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'close')
  })

  it('answers plain requests', async () => {
    expect(await (await fetch(`http://${host}/api/plain`)).text()).toBe('plain')
  })

  it('leaves the WebSocket of hot reload to Next', async () => {
    const hotReload = new WebSocket(`ws://${host}/_next/hmr`, {
      origin: `http://${host}`,
    })

    await once(hotReload, 'open')
    hotReload.terminate()
  })

  it('runs sessions, and closes 20 of them with 1001 when it stops', async () => {
    const sockets = Array.from({ length: 20 }, () => new WebSocket(`ws://${host}/echo`))
    await Promise.all(sockets.map((socket) => once(socket, 'open')))
    const [socket] = sockets
    socket?.send('hello')
    expect(String((await once(socket ?? child, 'message'))[0])).toBe('hello')
    const codes = sockets.map(async (socket) => ((await once(socket, 'close')) as [number])[0])

    const ended = once(child, 'close')
    child.stdin?.write('stop\n')

    expect(JSON.parse(await line('{'))).toMatchObject({ sessions: 20, aborted: 0 })
    expect(new Set(await Promise.all(codes))).toEqual(new Set([1001]))
    expect(await ended).toEqual([0, null])
  })
})
