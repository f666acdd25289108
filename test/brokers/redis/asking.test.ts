import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { Deferred } from '../../../src/base/internal.ts'
import { askInTurn } from '../../../src/brokers/redis/asking.ts'
import { createTestEnvironment } from '../../../src/testing/test-environment.ts'
import { freePort } from '../../support/free-port.ts'
import { frozen, listening, partsOf } from '../../support/brokers/redis-servers.ts'

describe('askInTurn()', () => {
  it('rejects with the given problem and the last cause when no server answers', async () => {
    const addresses = [{ host: '127.0.0.1', port: await freePort() }]

    const answer = askInTurn(partsOf(), addresses, 'Cannot ask', () => Promise.resolve(1))

    await expect(answer).rejects.toMatchObject({
      message: 'Cannot ask',
      cause: { code: 'ECONNREFUSED' },
    })
  })
})

describe('askInTurn(), when a server is frozen', () => {
  it('asks no other server after the attempt has ended', async () => {
    const { port, connected, close } = await frozen()
    const other = await listening()
    const addresses = [port, other.port].map((each) => ({ host: '127.0.0.1', port: each }))
    const attempt = new AbortController()
    const asked: number[] = []
    const socket = connected()

    const answer = askInTurn(partsOf(attempt.signal), addresses, 'Cannot ask', (_, address) => {
      asked.push(address.port)
      return Promise.resolve(1)
    })
    const ending = once(await socket, 'close')
    attempt.abort()

    await expect(answer).rejects.toThrow('Cannot ask')
    await ending
    expect(asked).toEqual([])
    close()
    other.close()
  })

  it('asks the next server after half a second of silence, and then ends all sockets', async () => {
    const silent = [await frozen(), await frozen()]
    const other = await listening()
    const ports = [...silent, other].map(({ port }) => port)
    const addresses = ports.map((port) => ({ host: '127.0.0.1', port }))
    const environment = createTestEnvironment(1)
    const parts = partsOf(undefined, environment)
    const sockets = silent.map(({ connected }) => connected())

    const answer = askInTurn(parts, addresses, 'Cannot ask', (_, address) =>
      Promise.resolve(address.port),
    )
    await sockets[0]
    await environment.clock.advance(500)
    await sockets[1]
    await environment.clock.advance(500)

    expect(await answer).toBe(other.port)
    for (const socket of await Promise.all(sockets)) {
      if (!socket.destroyed) await once(socket, 'close')
    }
    for (const { close } of [...silent, other]) close()
  })

  it('takes the late answer of a server that was silent', async () => {
    const servers = [await listening(), await listening()]
    const addresses = servers.map(({ port }) => ({ host: '127.0.0.1', port }))
    const environment = createTestEnvironment(1)
    const late = new Deferred<string>()
    const asked = [new Deferred<void>(), new Deferred<void>()]

    const answer = askInTurn(
      partsOf(undefined, environment),
      addresses,
      'Cannot ask',
      (_, each) => {
        const index = addresses.indexOf(each)
        asked[index]?.resolve()
        return index === 0 ? late.promise : Promise.resolve(null)
      },
    )
    await asked[0]?.promise
    await environment.clock.advance(500)
    await asked[1]?.promise
    late.resolve('late')

    expect(await answer).toBe('late')
    for (const { close } of servers) close()
  })
})

describe('askInTurn(), when an answer is wrong', () => {
  it('each attempt begins with another server', async () => {
    const servers = await Promise.all([0, 1].map(() => listening()))
    const addresses = servers.map(({ port }) => ({ host: '127.0.0.1', port }))
    const ask = (attempt: number) =>
      askInTurn({ ...partsOf(), attempt }, addresses, 'Cannot ask', (_, { port }) =>
        Promise.resolve(port),
      )

    const answers = [await ask(0), await ask(1), await ask(2)]

    expect(answers).toEqual([0, 1, 0].map((index) => servers[index]?.port))
    for (const { close } of servers) close()
  })
})
