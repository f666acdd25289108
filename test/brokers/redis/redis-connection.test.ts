import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { redisBroker, type RedisBrokerOptions } from '../../../src/brokers/redis/index.ts'
import { readPrimary } from '../../../src/brokers/redis/redis-connection.ts'
import { createEnvironment } from '../../../src/engines/node/environment.ts'
import type { Broker } from '../../../src/topics/index.ts'
import { EngineProcess, TemporaryFolder } from '../../support/brokers/engine-process.ts'
import { freePort } from '../../support/free-port.ts'
import { REDIS, RedisServer } from '../../support/brokers/redis-harness.ts'
import { RecordingSink } from '../../suites/brokers/harness.ts'

describe('readPrimary()', () => {
  it('reads the address that a sentinel names', () => {
    expect(readPrimary(['10.0.0.1', '6379'])).toEqual({ host: '10.0.0.1', port: 6379 })
  })

  it.each([null, 'OK', [], ['10.0.0.1'], ['', '6379'], ['a', '0'], ['a', '65536'], ['a', 'x']])(
    'T-34 the answer %j names no primary: the next sentinel is asked',
    (answer) => {
      expect(readPrimary(answer)).toBeNull()
    },
  )
})

describe.skipIf(REDIS === null)('connectRedis()', () => {
  const ends: Array<() => unknown> = []

  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end()
  })

  async function startRedis(args: readonly string[] = []): Promise<RedisServer> {
    const server = await RedisServer.start(args)
    ends.push(() => server.end())
    return server
  }

  function open(options: RedisBrokerOptions): { sink: RecordingSink; opened: Promise<void> } {
    const broker: Broker = redisBroker(options)
    ends.push(() => broker.close())
    const sink = new RecordingSink()
    const environment = createEnvironment()
    return {
      sink,
      opened: broker.open(sink, { namespace: 'test', nodeId: 'a', environment }),
    }
  }

  it('a replica is not used until it is a primary', async () => {
    const primary = await startRedis()
    const replica = await startRedis(['--replicaof', '127.0.0.1', `${primary.port}`])
    const { sink, opened } = open({ url: `redis://127.0.0.1:${replica.port}` })
    await sink.untilState('down')

    await replica.command((run) => run('REPLICAOF', 'NO', 'ONE'))
    await opened

    expect(sink.states.at(-1)).toEqual({ state: 'up' })
  })

  it('credentials that Redis refuses reject open(), and are not in the error', async () => {
    const server = await startRedis()
    await server.command((run) => run('CONFIG', 'SET', 'requirepass', 'right'))

    const wrong = open({ url: `redis://127.0.0.1:${server.port}`, password: 'wrong-secret' })

    await expect(wrong.opened).rejects.toMatchObject({ code: 'TOWPATH_BROKER_UNUSABLE' })
    await expect(wrong.opened).rejects.not.toThrow(/wrong-secret/)
    const right = open({ url: `redis://127.0.0.1:${server.port}`, password: () => 'right' })
    await expect(right.opened).resolves.toBeUndefined()
  })

  it('a cluster is refused without the option "cluster"', async () => {
    const server = await startRedis(['--cluster-enabled', 'yes'])

    const { opened } = open({ url: `redis://127.0.0.1:${server.port}` })

    await expect(opened).rejects.toThrow(/runs as a cluster/)
  })

  it('a single primary is refused with the option "cluster"', async () => {
    const server = await startRedis()

    const { opened, sink } = open({ cluster: [{ host: '127.0.0.1', port: server.port }] })

    // It knows no slots: tried again, because a cluster that has just started knows none either.
    opened.catch(() => {})
    await sink.untilState('down')
    expect(sink.states.at(-1)).toMatchObject({
      cause: { message: expect.stringContaining('no server of the cluster') },
    })
  })

  it('the primary that Sentinel names is used, also when the first sentinel is gone', async () => {
    const primary = await startRedis()
    const folder = new TemporaryFolder()
    const port = await freePort()
    const file = join(folder.path, 'sentinel.conf')
    writeFileSync(file, `port ${port}\nsentinel monitor main 127.0.0.1 ${primary.port} 1\n`)
    const sentinel = new EngineProcess(REDIS ?? '', [file, '--sentinel'], port)
    ends.push(() => folder[Symbol.dispose]())
    await sentinel.start()
    ends.push(() => sentinel.kill())

    const addresses = [await freePort(), port].map((each) => ({ host: '127.0.0.1', port: each }))
    const { sink, opened } = open({ sentinel: { name: 'main', addresses } })
    await opened

    expect(sink.states.at(-1)).toEqual({ state: 'up' })
  })
})
