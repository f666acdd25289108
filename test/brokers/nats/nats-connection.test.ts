import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { NatsConnection, NatsMessage } from '../../../src/brokers/nats/nats-connection.ts'
import { connectNats, loadNats } from '../../../src/brokers/nats/nats-dialing.ts'
import { readNatsOptions } from '../../../src/brokers/nats/nats-options.ts'
import { EngineProcess, TemporaryFolder } from '../../support/brokers/engine-process.ts'
import { freePort } from '../../support/free-port.ts'
import { NATS } from '../../support/brokers/nats-harness.ts'
import { bytes, text } from '../../suites/brokers/harness.ts'

/** A server whose user `limited` may not publish below `forbidden`. */
const LIMITED = `authorization {
  users = [
    { user: all, password: all }
    { user: limited, password: limited, permissions: { publish: { deny: "forbidden.>" } } }
  ]
}`

describe.skipIf(NATS === null)('NatsConnection', () => {
  let folder: TemporaryFolder
  let engine: EngineProcess
  let life: AbortController

  beforeEach(async () => {
    folder = new TemporaryFolder()
    const port = await freePort()
    const config = join(folder.path, 'nats.conf')
    writeFileSync(config, LIMITED)
    const address = ['-a', '127.0.0.1', '-p', `${port}`]
    const args = [...address, '-js', '-sd', folder.path, '-c', config]
    engine = new EngineProcess(NATS ?? '', args, port)
    life = new AbortController()
    await engine.start()
  })

  afterEach(async () => {
    life.abort()
    await engine.kill()
    folder[Symbol.dispose]()
  })

  function connect(
    heard: (message: NatsMessage) => void = () => {},
    user = 'all',
  ): Promise<NatsConnection> {
    const servers = `127.0.0.1:${engine.port}`
    const settings = readNatsOptions({ servers, user, pass: user })
    return connectNats(loadNats(), settings, heard, life.signal, () => {})
  }

  it('a stream that is created later answers requestOfNew()', async () => {
    const connection = await connect()

    const answer = connection.requestOfNew('late', new Uint8Array(0))
    await connection.flush()
    await connection.ask('STREAM.CREATE.late', { name: 'late', subjects: ['late'] })

    expect((await answer).json()).toMatchObject({ stream: 'late' })
  })

  it('a subject that the permissions forbid is found by checkPublish()', async () => {
    const connection = await connect(() => {}, 'limited')

    await expect(connection.checkPublish('permitted.w')).resolves.toBeUndefined()
    await expect(connection.checkPublish('forbidden.w')).rejects.toMatchObject({
      code: 'TOWPATH_BROKER_UNUSABLE',
      message:
        'Cannot use the broker: NATS forbids to publish to "forbidden.w", expected a user who may',
      cause: { cause: { name: 'PermissionViolationError' } },
    })
  })

  it('checkPublish() needs no answer of a program that listens to all subjects', async () => {
    const [listener, connection] = await Promise.all([connect(), connect(() => {}, 'limited')])
    await listener.subscribe(['>'])

    await expect(connection.checkPublish('permitted.w')).resolves.toBeUndefined()
    await expect(connection.checkPublish('forbidden.w')).rejects.toThrow('NATS forbids')
  })

  it('what comes on subscriptions is heard once, until unsubscribe()', async () => {
    const heard: string[] = []
    const connection = await connect(({ subject, data }) => {
      heard.push(`${subject} ${text(data)}`)
    })
    await connection.subscribe(['a', 'b'])
    await connection.subscribe(['a'])

    connection.publish('a', bytes('1'))
    await connection.flush()
    connection.unsubscribe('a')
    for (const subject of ['a', 'b']) connection.publish(subject, bytes('2'))
    await connection.flush()

    expect(heard).toEqual(['a 1', 'b 2'])
  })
})
