/**
 * The program behind `npm start`: where it listens, what it says when it cannot, and how it ends.
 */

import { once } from 'node:events'
import { afterEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { startExamples } from './examples-process.ts'
import type { ExamplesProcess } from './examples-process.ts'

describe('npm start', () => {
  const running: ExamplesProcess[] = []

  async function start(PORT: string, HOST = '127.0.0.1'): Promise<ExamplesProcess> {
    const started = await startExamples({ PORT, HOST })
    running.push(started)
    return started
  }

  async function connect({ url }: ExamplesProcess): Promise<WebSocket> {
    const socket = new WebSocket(`${url.replace('http', 'ws')}echo/socket`)
    await once(socket, 'open')
    return socket
  }

  afterEach(async () => {
    for (const started of running.splice(0)) await started.stop('SIGTERM')
  })

  it('npm start prints one line that says where it listens, and serves the pages there', async () => {
    const examples = await start('0')

    expect(examples.line).toMatch(/^Towpath examples: http:\/\/127\.0\.0\.1:[1-9]\d*\/$/)
    const titles = []
    for (const path of [
      '',
      'browser-page/',
      'chat/',
      'contract/',
      'echo/',
      'reconnecting-dashboard/',
    ]) {
      const page = await fetch(new URL(path, examples.url))
      titles.push(/<title>(.*)<\/title>/.exec(await page.text())?.[1])
    }
    expect(titles).toEqual([
      'Towpath examples',
      'Towpath slow reader',
      'Towpath chat',
      'Towpath tasks',
      'Towpath echo',
      'Towpath dashboard',
    ])
  })

  it.each(['SIGINT', 'SIGTERM'] as const)(
    'npm start tells every client 1001 on %s and ends with 0',
    async (signal) => {
      const examples = await start('0')
      const sockets = [await connect(examples), await connect(examples)]
      const closes = sockets.map((socket) => once(socket, 'close'))

      const { exitCode, stderr } = await examples.stop(signal)

      const codes = []
      for (const [code] of await Promise.all(closes)) codes.push(code)
      expect(codes).toEqual([1001, 1001])
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
    },
  )

  it('npm start ends with 1 and a sentence when the port is in use', async () => {
    const { port } = new URL((await start('0')).url)

    const second = await start(port)

    expect(second.line).toBeNull()
    expect(await second.ending).toEqual({
      exitCode: 1,
      stderr:
        `Cannot listen on port ${port} of 127.0.0.1: it is in use, expected a free port ` +
        '(0 chooses one); PORT and HOST choose another place\n',
    })
  })

  it.each(['eighty', '-1', '65536', '80.5'])('npm start ends with 1 for PORT=%s', async (port) => {
    const { ending } = await start(port)

    expect(await ending).toEqual({
      exitCode: 1,
      stderr: 'Cannot read PORT: expected a whole number from 0 to 65535\n',
    })
  })
})
