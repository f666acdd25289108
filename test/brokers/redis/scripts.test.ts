import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { redisBroker } from '../../../src/brokers/redis/index.ts'
import { RedisNames } from '../../../src/brokers/redis/redis-names.ts'
import { createEnvironment } from '../../../src/engines/node/environment.ts'
import type { Broker } from '../../../src/topics/index.ts'
import { REDIS, RedisServer } from '../../support/brokers/redis-harness.ts'
import { bytes, RecordingSink, text, topicOf } from '../../suites/brokers/harness.ts'

const ALL = { events: 1000, bytes: 1 << 20 }

describe.skipIf(REDIS === null)('the scripts of redisBroker(), over a hostile Redis', () => {
  let server: RedisServer
  let broker: Broker
  let count = 0

  beforeAll(async () => {
    server = await RedisServer.start()
    broker = redisBroker({ url: `redis://127.0.0.1:${server.port}` })
    const environment = createEnvironment()
    await broker.open(new RecordingSink(), { namespace: 'test', nodeId: 'a', environment })
  })

  afterAll(async () => {
    await broker.close()
    await server.end()
  })

  /** Does `work` while the ACL of Redis forbids a command. */
  async function without(command: string, work: () => Promise<void>): Promise<void> {
    await server.command((run) => run('ACL', 'SETUSER', 'default', `-${command}`))
    try {
      await work()
    } finally {
      await server.command((run) => run('ACL', 'SETUSER', 'default', `+${command}`))
    }
  }

  /** A topic of three events, and its keys. */
  async function threeEvents() {
    const topic = topicOf(`rooms/${++count}`)
    for (let n = 1; n <= 3; n++) await broker.append(topic, bytes(`${n}`), { id: `${n}` })
    const [head] = await broker.heads([topic])
    return { topic, keys: new RedisNames('test').topic(topic.name), epoch: head?.epoch }
  }

  const texts = async (topic: ReturnType<typeof topicOf>): Promise<string[]> =>
    (await broker.read(topic, 0, ALL)).events.map(({ message }) => text(message))

  it('T-33 lost metadata begins a new epoch, above what the log still has', async () => {
    const { topic, keys, epoch } = await threeEvents()
    await server.command((run) => run('DEL', keys.meta))

    const appended = await broker.append(topic, bytes('4'), { id: '4' })

    expect(appended.epoch).not.toBe(epoch)
    expect(appended.offset).toBe(4)
    expect(await texts(topic)).toEqual(['1', '2', '3', '4'])
  })

  it.each(['-5', '1.5', 'nan', '1e300', 'x'])(
    'T-33 an offset of %s in the metadata begins a new epoch',
    async (offset) => {
      const { topic, keys, epoch } = await threeEvents()
      await server.command((run) => run('HSET', keys.meta, 'o', offset))

      const appended = await broker.append(topic, bytes('4'), { id: '4' })

      expect(appended.epoch).not.toBe(epoch)
      expect(appended.offset).toBe(4)
    },
  )

  it('T-33 an offset that has gone back begins a new epoch with the next append', async () => {
    const { topic, keys, epoch } = await threeEvents()
    await server.command((run) => run('HSET', keys.meta, 'o', '1'))

    const appended = await broker.append(topic, bytes('4'), { id: '4' })

    expect(appended.epoch).not.toBe(epoch)
    expect(await texts(topic)).toEqual(['4'])
  })

  it('T-33 keys of another type are replaced, in a new epoch', async () => {
    const { topic, keys, epoch } = await threeEvents()
    await server.command(async (run) => {
      await run('SET', keys.meta, 'alien')
      await run('DEL', keys.log)
      await run('SET', keys.log, 'alien')
    })

    const page = await broker.read(topic, 0, ALL)
    const appended = await broker.append(topic, bytes('4'), { id: '4' })

    expect(page).toMatchObject({ head: 0, events: [] })
    expect(appended.epoch).not.toBe(epoch)
    expect(await texts(topic)).toEqual(['4'])
  })

  it('T-34 alien entries of the log are not read, and do not stop appends', async () => {
    const { topic, keys, epoch } = await threeEvents()
    await server.command((run) => run('XADD', keys.log, '50-7', 'alien', 'x'))

    expect(await texts(topic)).toEqual(['1', '2', '3'])
    const appended = await broker.append(topic, bytes('4'), { id: '4' })

    expect(appended.epoch).not.toBe(epoch)
    expect(await texts(topic)).toEqual(['4'])
  })

  it('T-12 a removed event makes a hole, which a read does not hide', async () => {
    const { topic, keys } = await threeEvents()
    await server.command((run) => run('XDEL', keys.log, '2-0'))

    const page = await broker.read(topic, 0, ALL)
    const rest = await broker.read(topic, page.events.at(-1)?.offset ?? 0, ALL)

    expect(page.events.map(({ offset }) => offset)).toEqual([1])
    expect(rest.events.map(({ offset }) => offset)).toEqual([3])
    expect(rest.complete).toBe(false)
  })

  it('T-12 a log that has expired is read as incomplete, and goes on at its offset', async () => {
    const { topic, keys, epoch } = await threeEvents()
    await server.command((run) => run('DEL', keys.log))

    const page = await broker.read(topic, 1, ALL)
    const appended = await broker.append(topic, bytes('4'), { id: '4' })

    expect(page).toMatchObject({ head: 3, events: [], complete: false })
    expect(appended).toEqual({ epoch, offset: 4, duplicate: false })
  })

  /** Runs `work` while Redis has no memory for another write. */
  async function whileFull(work: () => Promise<void>): Promise<void> {
    await server.command((run) => run('CONFIG', 'SET', 'maxmemory', '1'))
    try {
      await work()
    } finally {
      await server.command((run) => run('CONFIG', 'SET', 'maxmemory', '0'))
    }
  }

  it('T-12 a full Redis refuses an append and keeps the history', async () => {
    const { topic, epoch } = await threeEvents()

    await whileFull(async () => {
      await expect(broker.append(topic, bytes('4'), { id: '4' })).rejects.toMatchObject({
        code: 'TOWPATH_BROKER_UNAVAILABLE',
        cause: { message: expect.stringMatching(/^OOM /) as unknown },
      })
      expect(await texts(topic)).toEqual(['1', '2', '3'])
    })

    const appended = await broker.append(topic, bytes('4'), { id: '4' })
    expect(appended).toEqual({ epoch, offset: 4, duplicate: false })
    expect(await texts(topic)).toEqual(['1', '2', '3', '4'])
  })

  it('a full Redis refuses the first event of a topic, and tells the head of the topic', async () => {
    const topic = topicOf('rooms/full')

    await whileFull(async () => {
      await expect(broker.append(topic, bytes('1'), { id: '1' })).rejects.toMatchObject({
        cause: { message: expect.stringMatching(/OOM /) as unknown },
      })
      expect(await broker.heads([topic])).toMatchObject([{ offset: 0 }])
    })
  })

  it('T-12 an append that the ACL forbids keeps the history', async () => {
    const { topic, epoch } = await threeEvents()
    await server.command((run) => run('ACL', 'SETUSER', 'default', '-xadd'))

    const refused = await Promise.allSettled([broker.append(topic, bytes('4'), { id: '4' })])
    await server.command((run) => run('ACL', 'SETUSER', 'default', '+xadd'))

    expect(refused[0]).toMatchObject({ reason: { code: 'TOWPATH_BROKER_UNAVAILABLE' } })
    expect(await broker.heads([topic])).toEqual([{ epoch, offset: 3 }])
    expect(await texts(topic)).toEqual(['1', '2', '3'])
  })

  it.each(['set', 'hset', 'xadd'])(
    'T-19 an append that cannot %s leaves nothing, and succeeds when it is tried again',
    async (command) => {
      const { topic, epoch } = await threeEvents()

      await without(command, async () => {
        await expect(broker.append(topic, bytes('4'), { id: '4' })).rejects.toMatchObject({
          code: 'TOWPATH_BROKER_UNAVAILABLE',
        })
      })

      const appended = await broker.append(topic, bytes('4'), { id: '4' })
      expect(appended).toEqual({ epoch, offset: 4, duplicate: false })
      expect(await texts(topic)).toEqual(['1', '2', '3', '4'])
    },
  )

  it('T-19 an append that the ACL forbids leaves nothing, also if it forbids DEL', async () => {
    const { topic, epoch } = await threeEvents()

    const append = () => broker.append(topic, bytes('4'), { id: '4' })
    await without('xadd', () =>
      without('del', async () => {
        await expect(append()).rejects.toMatchObject({ code: 'TOWPATH_BROKER_UNAVAILABLE' })
      }),
    )

    expect(await append()).toEqual({ epoch, offset: 4, duplicate: false })
    expect(await texts(topic)).toEqual(['1', '2', '3', '4'])
  })

  /** A second broker. `down`: resolves with the cause when it is down. */
  async function openSecond() {
    const sink = new RecordingSink()
    const second = redisBroker({ url: `redis://127.0.0.1:${server.port}` })
    const options = { namespace: 'test', nodeId: 'b', environment: createEnvironment() }
    await second.open(sink, options)
    const down = async (): Promise<unknown> => {
      await sink.untilState('down')
      return sink.states.flatMap((each) => (each.state === 'down' ? [each.cause] : [])).at(-1)
    }
    return { second, sink, down }
  }

  it.each(['publish', 'pexpire'])(
    'T-18 an append that cannot %s is stored at the first attempt, and the state tells why',
    async (command) => {
      const { topic, epoch } = await threeEvents()
      const { second, sink, down } = await openSecond()

      await without(command, async () => {
        const appended = await second.append(topic, bytes('4'), { id: '4' })
        expect(appended).toEqual({ epoch, offset: 4, duplicate: false })
        expect(await down()).toMatchObject({ code: 'TOWPATH_BROKER_UNUSABLE' })
      })

      await sink.untilState('up')
      const again = await second.append(topic, bytes('4'), { id: '4' })
      expect(again).toEqual({ epoch, offset: 4, duplicate: true })
      expect(await texts(topic)).toEqual(['1', '2', '3', '4'])
      await second.close()
    },
  )

  it('a user who may not publish cannot open the broker', async () => {
    const second = redisBroker({ url: `redis://127.0.0.1:${server.port}` })
    const options = { namespace: 'test', nodeId: 'b', environment: createEnvironment() }

    await without('publish', async () => {
      await expect(second.open(new RecordingSink(), options)).rejects.toMatchObject({
        code: 'TOWPATH_BROKER_UNUSABLE',
        message: expect.stringContaining('may publish and subscribe') as unknown,
      })
    })
    await second.close()
  })

  it('T-06 a message that the ACL forbids takes the broker down until it is permitted', async () => {
    const { second, sink, down } = await openSecond()

    await without('publish', async () => {
      second.send('channel', bytes('lost'))
      expect(await down()).toMatchObject({ code: 'TOWPATH_BROKER_UNUSABLE' })
    })

    await sink.untilState('up')
    await second.close()
  })

  it('T-30 a subscription that the ACL forbids takes the broker down until it is permitted', async () => {
    const { second, sink, down } = await openSecond()
    const topic = topicOf('rooms/forbidden')

    await without('subscribe', async () => {
      await expect(second.follow(topic)).rejects.toMatchObject({
        cause: { code: 'TOWPATH_BROKER_UNUSABLE' },
      })
      expect(await down()).toMatchObject({ code: 'TOWPATH_BROKER_UNUSABLE' })
    })

    await sink.untilState('up')
    await broker.append(topic, bytes('heard'), { id: '1' })
    await sink.until(({ events }) => events.length === 1)
    await second.close()
  })

  it('T-20 an append that is refused does not hide the one before it in its lane', async () => {
    const topic = topicOf(`rooms/${++count}`)
    const lane = (sequence: number) => ({ lane: 'a', sequence })
    await broker.append(topic, bytes('1'), lane(1))

    await without('xadd', async () => {
      await expect(broker.append(topic, bytes('2'), lane(2))).rejects.toThrow('Redis answers ERR')
    })

    expect(await broker.append(topic, bytes('1'), lane(1))).toMatchObject({
      offset: 1,
      duplicate: true,
    })
    expect(await broker.append(topic, bytes('2'), lane(2))).toMatchObject({
      offset: 2,
      duplicate: false,
    })
  })

  it('T-19 a lane remembers 16 gaps, and what is between two older ones is unknown', async () => {
    const topic = topicOf(`rooms/${++count}`)
    const append = (sequence: number) =>
      broker.append(topic, bytes(`${sequence}`), { lane: 'a', sequence })
    for (let sequence = 2; sequence <= 34; sequence += 2) await append(sequence)

    const duplicates = []
    for (const sequence of [1, 2, 3, 4, 5, 33, 34]) {
      duplicates.push((await append(sequence)).duplicate)
    }

    expect(duplicates).toEqual(['unknown', 'unknown', 'unknown', true, 'unknown', 'unknown', true])
    expect(await texts(topic)).toHaveLength(17)
  })

  it('T-19 a lane forgets a gap that is far behind', async () => {
    const topic = topicOf(`rooms/${++count}`)
    const lane = (sequence: number) => ({ lane: 'a', sequence })
    for (const sequence of [2, 16_000, 16_386]) {
      await broker.append(topic, bytes('x'), lane(sequence))
    }

    const key = new RedisNames('test').identity(topic.name, lane(1))
    const kept = await server.command((run) => run('GET', key))

    expect(String(kept)).toBe('16386:3:3-15999:16001-16385')
  })

  it('T-33 metadata that the ACL hides does not begin a new epoch', async () => {
    const { topic, epoch } = await threeEvents()
    await server.command((run) => run('ACL', 'SETUSER', 'default', '-hmget'))

    const hidden = await Promise.allSettled([broker.heads([topic])])
    await server.command((run) => run('ACL', 'SETUSER', 'default', '+hmget'))

    expect(hidden[0]).toMatchObject({ reason: { code: 'TOWPATH_BROKER_UNAVAILABLE' } })
    expect(await broker.heads([topic])).toEqual([{ epoch, offset: 3 }])
  })

  it('T-33 everything removed while it runs begins new epochs', async () => {
    const { topic, epoch } = await threeEvents()
    await server.command((run) => run('FLUSHALL'))

    const [head] = await broker.heads([topic])

    expect(head?.offset).toBe(0)
    expect(head?.epoch).not.toBe(epoch)
  })

  it('T-20 a sequence above all integers of 32 bits is still compared as a number', async () => {
    const topic = topicOf('rooms/sequences')
    const append = (sequence: number) =>
      broker.append(topic, bytes(`${sequence}`), { lane: 'a', sequence })

    await append(9)
    const tenth = await append(10)
    const large = await append(2 ** 52)

    expect([tenth.duplicate, large.duplicate]).toEqual([false, false])
    expect(await append(2 ** 52)).toEqual({ ...large, duplicate: true })
  })

  it('a script that Redis has forgotten is loaded again', async () => {
    const topic = topicOf('rooms/forgotten')
    const sink = new RecordingSink()
    const second = redisBroker({ url: `redis://127.0.0.1:${server.port}` })
    const environment = createEnvironment()
    await second.open(sink, { namespace: 'test', nodeId: 'b', environment })
    await server.command((run) => run('SCRIPT', 'FLUSH'))

    await expect(second.append(topic, bytes('1'), { id: '1' })).rejects.toMatchObject({
      code: 'TOWPATH_PUBLISH_UNCERTAIN',
    })
    await sink.untilState('up')

    await expect(second.append(topic, bytes('1'), { id: '1' })).resolves.toMatchObject({
      offset: 1,
    })
    await second.close()
  })
})
