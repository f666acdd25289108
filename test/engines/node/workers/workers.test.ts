import { once } from 'node:events'
import { createServer } from 'node:net'
import { describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'

import { roleOf } from '../../../../src/engines/node/workers/workers.ts'
import { certificate } from '../../../support/certificate.ts'
import { listen, RawClient } from '../../../support/loopback.ts'
import { upgradeRequest } from '../../../support/loopback-world.ts'
import { Program } from '../../../support/program.ts'

// Each program compiles itself with tsx, once in every process.

/** A client whose first message is there: the number of the process that serves it. */
interface Client {
  readonly socket: WebSocket
  readonly served: number
  readonly closed: Promise<{ readonly code: number }>
}

async function connect(port: unknown, path: string = '/', scheme: string = 'ws'): Promise<Client> {
  const socket = new WebSocket(`${scheme}://127.0.0.1:${String(port)}${path}`, {
    ca: certificate.cert,
  })
  // ws gives its listeners these arguments.
  const closed = once(socket, 'close').then(([code]) => ({ code: code as number }))
  const [message] = (await once(socket, 'message')) as [Buffer]
  return { socket, served: Number(message.toString()), closed }
}

/** Connects where the server ends its process or itself; resolves when the connection is gone. */
async function visit(port: unknown, path: string): Promise<void> {
  const socket = new WebSocket(`ws://127.0.0.1:${String(port)}${path}`)
  socket.on('error', () => {})
  await once(socket, 'close')
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

describe('roleOf()', () => {
  it('is "alone" with one worker, and "primary" with more in a process that is no worker', () => {
    expect(roleOf(1)).toBe('alone')
    expect(roleOf(2)).toBe('primary')
  })
})

describe('embeddedServer() with workers', () => {
  it('D-10 each worker has its registry, and the primary adds them up for a scrape', async () => {
    await using program = new Program('metered-workers')
    const { port, metrics } = await program.next('started')
    const clients = [await connect(port), await connect(port), await connect(port)]

    const text = await (await fetch(`http://127.0.0.1:${String(metrics)}/metrics`)).text()

    expect(new Set(clients.map(({ served }) => served)).size).toBe(2)
    expect(text).toContain('towpath_sessions{route="/",protocol=""} 3\n')
    expect(text).toContain('towpath_messages_total{route="/",direction="outgoing"} 3\n')
    // Two brokers are up: a sum would say 2.
    expect(text).toContain('towpath_broker_up 1\n')
    for (const { socket } of clients) socket.terminate()
  })

  describe('serving', () => {
    it('shares one free port, and hands the connections to the workers in turn', async () => {
      await using program = new Program('scaled-echo', { workers: 2 })
      const { port } = await program.next('started')

      const clients = [await connect(port), await connect(port), await connect(port)]
      clients.push(await connect(port))
      clients[0]?.socket.send('hello')
      const [echoed] = (await once(clients[0]!.socket, 'message')) as [Buffer]

      const serving = [await program.next('serving', 1), await program.next('serving', 2)]
      expect(serving.map((each) => each['port'])).toEqual([port, port])
      const served = new Map<number, number>()
      for (const client of clients) served.set(client.served, (served.get(client.served) ?? 0) + 1)
      expect(served).toEqual(new Map(serving.map(({ pid }) => [pid, 2])))
      expect(echoed.toString()).toBe('hello')
    })

    it('runs the module in the workers alone', async () => {
      await using program = new Program('scaled-echo', { workers: 2 })
      await program.next('started')

      const pids = program.all('module').map(({ pid }) => pid)
      expect(pids).toHaveLength(2)
      expect(pids).not.toContain(program.pid)
    })

    it('serves wss', async () => {
      await using program = new Program('scaled-echo', { workers: 2, tls: true })
      const { port } = await program.next('started')

      const first = await connect(port, '/', 'wss')
      const second = await connect(port, '/', 'wss')

      expect(first.served).not.toBe(second.served)
    })
  })

  describe('start()', () => {
    it('rejects with ListenError for a port that is in use, once, and may then be repeated', async () => {
      const other = createServer()
      const port = await listen(other)
      await using program = new Program('scaled-echo', { workers: 2, port })

      const failed = await program.next('failed')
      other.close()
      await once(other, 'close')
      program.tell('start')
      const started = await program.next('started')

      expect(failed).toMatchObject({
        pid: program.pid,
        name: 'ListenError',
        message: `Cannot listen on port ${port} of 127.0.0.1: it is in use, expected a free port (0 chooses one)`,
      })
      expect(program.all('failed')).toHaveLength(1)
      expect(program.stderr).toBe('')
      expect(started['port']).toBe(port)
    })

    it('rejects with WorkerStartError if a worker ends before it listens, and ends the others', async () => {
      await using program = new Program('scaled-echo', { workers: 2, failFrom: 2 })

      const failed = await program.next('failed')
      program.tell('end')

      expect(failed).toMatchObject({
        name: 'WorkerStartError',
        message:
          'Cannot start the workers: a worker ended with code 7 before it listened, expected the program to call start() in workers too',
      })
      expect(await program.ended).toEqual([0, null])
    })

    it('rejects for a second server with workers in one program', async () => {
      await using program = new Program('scaled-echo', { workers: 2, second: true })

      await program.next('second failed', 3)

      expect(program.all('second failed').map(({ message }) => message)).toEqual(
        Array(3).fill(
          'TypeError: Cannot start the server: another server with workers is running, expected one for each process',
        ),
      )
    })
  })

  describe('stop()', () => {
    it('drains all workers with 1001 and resolves with the sums of their counts', async () => {
      await using program = new Program('scaled-echo', { workers: 2 })
      const { port } = await program.next('started')
      const clients = [await connect(port), await connect(port), await connect(port, '/deaf')]

      program.tell('stop {"grace":{"milliseconds":100},"timeout":{"milliseconds":500}}')
      const stopped = await program.next('stopped')

      expect(stopped).toMatchObject({ sessions: 3, closed: 2, aborted: 1 })
      expect(await Promise.all(clients.map(({ closed }) => closed))).toEqual([
        { code: 1001 },
        { code: 1001 },
        { code: 1001 },
      ])
      expect(clients.map(({ served }) => isAlive(served))).toEqual([false, false, false])
      expect(await program.ended).toEqual([0, null])
    })

    it('ends workers that something else would keep alive', async () => {
      await using program = new Program('scaled-echo', { workers: 2, lingers: true })
      const { port } = await program.next('started')
      const client = await connect(port)

      program.tell('stop {"grace":0}')
      await program.next('stopped')

      expect(isAlive(client.served)).toBe(false)
      expect(program.all('warned')).toEqual([])
    })

    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      it(`is called at ${signal}, which leaves exit code 0`, async () => {
        await using program = new Program('scaled-echo', { workers: 2 })
        const { port } = await program.next('started')
        const client = await connect(port)

        program.signal(signal)

        expect(await client.closed).toEqual({ code: 1001 })
        program.tell('end')
        expect(await program.ended).toEqual([0, null])
      })
    }

    it('is not cut short by a signal that reaches the workers too', async () => {
      await using program = new Program('scaled-echo', { workers: 2 })
      const { port } = await program.next('started')
      const clients = [await connect(port), await connect(port), await connect(port)]

      program.signalAll('SIGINT')

      expect(await Promise.all(clients.map(({ closed }) => closed))).toEqual([
        { code: 1001 },
        { code: 1001 },
        { code: 1001 },
      ])
      program.tell('end')
      expect(await program.ended).toEqual([0, null])
      expect(program.all('logged')).toEqual([])
    })
  })

  describe('a worker', () => {
    it('is replaced when it ends unasked, on the same port, and that is logged', async () => {
      await using program = new Program('scaled-echo', { workers: 2 })
      const { port } = await program.next('started')
      const before = [await program.next('serving', 1), await program.next('serving', 2)]

      await visit(port, '/crash')
      const logged = await program.next('logged')
      const replacement = await program.next('serving', 3)
      const clients = [await connect(port), await connect(port)]

      expect(logged).toMatchObject({
        pid: program.pid,
        message: 'Worker ended and will be replaced',
        facts: { exitCode: 5, signal: null, delayMs: 100 },
      })
      const gone = (logged['facts'] as { pid: number }).pid // as the program writes it
      expect(before.map(({ pid }) => pid)).toContain(gone)
      expect(replacement['port']).toBe(port)
      expect(clients.map(({ served }) => served)).toContain(replacement.pid)
    })

    it('is replaced too when it was the last, and nothing else keeps the primary alive', async () => {
      await using program = new Program('scaled-echo', { workers: 2 })
      await program.next('started')
      program.tell('end')

      const serving = [await program.next('serving', 1), await program.next('serving', 2)]
      for (const { pid } of serving) process.kill(pid, 'SIGKILL')
      await program.next('serving', 4)

      expect(program.all('logged').map((each) => each['facts'])).toMatchObject([
        { signal: 'SIGKILL', exitCode: null },
        { signal: 'SIGKILL', exitCode: null },
      ])
    })

    it('that is killed takes no connection with it that it has not taken', async () => {
      await using program = new Program('scaled-echo', { workers: 2 })
      const { port } = await program.next('started')
      const serving = [await program.next('serving', 1), await program.next('serving', 2)]
      for (const { pid } of serving) process.kill(pid, 'SIGSTOP')
      const clients = await Promise.all(
        Array.from({ length: 4 }, () => RawClient.connect(Number(port))),
      )
      for (const client of clients) client.send(upgradeRequest('/'))

      for (const { pid } of serving) process.kill(pid, 'SIGKILL')

      // Two were under way to the workers. The replacements may get the others.
      const answered = clients.map((client) => client.until((text) => text !== '').catch(() => ''))
      const other = (await Promise.all(answered)).filter(
        (text) => !/^(HTTP\/1\.1 101 |$)/.test(text),
      )
      expect(other).toEqual([])
      for (const client of clients) client.socket.destroy()
    })

    it('that stops itself is replaced without a word in the log', async () => {
      await using program = new Program('scaled-echo', { workers: 2 })
      const { port } = await program.next('started')

      await visit(port, '/leave')
      await program.next('serving', 3)

      expect(program.all('logged')).toEqual([])
    })

    it('ends when its primary is killed', async () => {
      await using program = new Program('scaled-echo', { workers: 2 })
      const { port } = await program.next('started')
      const client = await connect(port)

      program.signal('SIGKILL')

      expect(await client.closed).toEqual({ code: 1006 })
      // Its output, which the workers share, is closed when they are gone.
      expect(await program.ended).toEqual([null, 'SIGKILL'])
    })
  })
})
