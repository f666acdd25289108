/**
 * Conversations in the chat, over the whole application, in memory.
 */

import { CloseReason } from 'towpath'
import { typed } from 'towpath/messages'
import { type TestApplication, type TestSession, withTestApplication } from 'towpath/testing'
import { describe, expect, it } from 'vitest'
import { examples } from '../../../examples/app.ts'
import { chat } from '../../../examples/chat/contract.ts'

/** Somebody in a room of the chat. */
interface Person {
  readonly session: TestSession
  /** The next change of who is there. */
  readonly seen: () => Promise<unknown>
  /** The next message of the room. */
  readonly heard: () => Promise<unknown>
  readonly say: (ref: string, text: string) => Promise<unknown>
}

async function open(t: TestApplication, path = '/chat/rooms/lobby'): Promise<TestSession> {
  return t.connect(path, { protocols: chat.protocols })
}

async function enter(
  t: TestApplication,
  name: string,
  {
    key = `key-of-${name.replaceAll(/\W/g, '')}`,
    after = null as null | { epoch: string; offset: number },
  } = {},
): Promise<Person> {
  const session = await open(t)
  const { stream, requestCatching } = typed(session, chat)
  const people = stream('enter', { name, key })[Symbol.asyncIterator]()
  const messages = stream('read', { after })[Symbol.asyncIterator]()
  return {
    session,
    seen: async () => (await people.next()).value,
    heard: async () => (await messages.next()).value,
    say: (ref, text) => requestCatching('say', { ref, text }),
  }
}

/** Both have heard of each other, and of nothing else. */
async function enterBoth(t: TestApplication): Promise<[Person, Person]> {
  const ada = await enter(t, 'Ada')
  await ada.seen()
  const grace = await enter(t, 'Grace')
  await grace.seen()
  await ada.seen()
  for (const person of [ada, grace]) expect(await person.heard()).toMatchObject({ type: 'live' })
  return [ada, grace]
}

function converse(block: (t: TestApplication) => Promise<void>): Promise<void> {
  return withTestApplication(examples, block)
}

describe('serveChat()', () => {
  it('shows each who enters who is there, and tells the others', async () => {
    await converse(async (t) => {
      const ada = await enter(t, 'Ada')
      expect(await ada.seen()).toEqual({ type: 'members', names: ['Ada'], count: 1 })

      const grace = await enter(t, ' Grace  Hopper ')

      expect(await ada.seen()).toEqual({ type: 'joined', name: 'Grace Hopper' })
      expect(await grace.seen()).toMatchObject({ names: ['Ada', 'Grace Hopper'] })
    })
  })

  it('passes on what is said, under the name of the session', async () => {
    await converse(async (t) => {
      const [ada, grace] = await enterBoth(t)

      expect(await ada.say('ref-0001', '<b>Hello</b>')).toMatchObject({ type: 'value' })

      const expected = { type: 'said', ref: 'ref-0001', name: 'Ada', text: '<b>Hello</b>' }
      expect(await ada.heard()).toMatchObject(expected)
      expect(await grace.heard()).toMatchObject({ ...expected, position: { offset: 1 } })
    })
  })

  it('says what is sent twice once', async () => {
    await converse(async (t) => {
      const [ada, grace] = await enterBoth(t)

      await ada.say('ref-0001', 'once')
      await ada.say('ref-0001', 'once')
      await grace.say('ref-0001', 'the ref of another')

      expect(await grace.heard()).toMatchObject({ name: 'Ada', position: { offset: 1 } })
      expect(await grace.heard()).toMatchObject({ name: 'Grace', position: { offset: 2 } })
    })
  })

  it('tells the others at once when somebody leaves', async () => {
    await converse(async (t) => {
      const [ada, grace] = await enterBoth(t)

      void grace.session.close()

      expect(await ada.seen()).toEqual({ type: 'left', name: 'Grace' })
      expect(t.clock.now()).toBe(0)
    })
  })

  it('tells the others when the network takes somebody, after 10 seconds of grace', async () => {
    await converse(async (t) => {
      const [ada, grace] = await enterBoth(t)

      grace.session.terminate()
      await t.clock.advance(9_900)
      const left = ada.seen()
      expect(await Promise.race([left, t.settle()])).toBe(undefined)
      await t.clock.advance(200)

      expect(await left).toEqual({ type: 'left', name: 'Grace' })
    })
  })

  it('tells the others when the network is silent, within 55 seconds', async () => {
    await converse(async (t) => {
      const [ada, grace] = await enterBoth(t)

      grace.session.network.halfOpen()
      await t.clock.advance(55_000)

      expect(await ada.seen()).toEqual({ type: 'left', name: 'Grace' })
    })
  })

  it('refuses a name that somebody else has', async () => {
    await converse(async (t) => {
      await enterBoth(t)

      const other = await enter(t, 'ADA')

      await expect(other.seen()).rejects.toMatchObject({ failure: 'NAME_TAKEN' })
      expect(await other.say('ref-0001', 'I am Ada')).toMatchObject({ failure: 'NAME_TAKEN' })
    })
  })

  it('gives a name to one of ten who enter at the same moment', async () => {
    await converse(async (t) => {
      const rivals = await Promise.all(
        Array.from({ length: 10 }, (_, n) => enter(t, 'Ada', { key: `key-number-${n}` })),
      )

      const outcomes = await Promise.allSettled(rivals.map(({ seen }) => seen()))

      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    })
  })

  it('refuses a name without a word to a client that gives no credit', async () => {
    await converse(async (t) => {
      const [ada] = await enterBoth(t)
      const session = await open(t)

      const data = { name: 'Grace', key: 'another-key' }
      await session.send(JSON.stringify({ type: 'enter', id: 1, credit: 0, data }))
      await t.settle()
      await session.close()

      // What nobody awaits would end the process.
      await t.settle()
      expect(await ada.say('ref-0001', 'Still here')).toMatchObject({ type: 'value' })
    })
  })

  it('gives a client that comes back its place, and the messages that it missed', async () => {
    await converse(async (t) => {
      const [ada, grace] = await enterBoth(t)
      await ada.say('ref-0001', 'one')
      const one = await ada.heard()
      ada.session.terminate()
      await t.settle()
      await grace.say('ref-0002', 'two')

      const { position } = one as { position: { epoch: string; offset: number } }
      const again = await enter(t, 'Ada', { after: position })

      expect(await again.seen()).toMatchObject({ names: ['Ada', 'Grace'] })
      expect(await again.heard()).toMatchObject({ text: 'two' })
      expect(await again.heard()).toMatchObject({ type: 'live', position: { offset: 2 } })
      await again.say('ref-0003', 'three')
      expect(await again.heard()).toMatchObject({ text: 'three' })
      // Grace has seen nobody leave or join.
      await again.session.close()
      expect(await grace.seen()).toEqual({ type: 'left', name: 'Ada' })
    })
  })

  it('shows a newcomer the last 50 messages, and says what is missing to one who was away', async () => {
    await converse(async (t) => {
      const ada = await enter(t, 'Ada')
      await ada.heard()
      for (let n = 1; n <= 200; n++) await ada.say(`ref-${1000 + n}`, `Message ${n}`)
      const first = (await ada.heard()) as { position: { epoch: string } }

      const newcomer = await enter(t, 'Bo')
      for (let n = 151; n <= 200; n++) {
        expect(await newcomer.heard()).toMatchObject({ text: `Message ${n}` })
      }
      const old = await enter(t, 'Cy', { after: { ...first.position, offset: 1 } })
      const gap = await old.heard()
      expect(gap).toMatchObject({ type: 'gap', reason: 'trimmed' })
      const { missed } = gap as { missed: number }
      expect(await old.heard()).toMatchObject({ text: `Message ${missed + 2}` })
    })
  })

  it('says that the room has begun anew to a client of an earlier life', async () => {
    await converse(async (t) => {
      const back = await enter(t, 'Ada', { after: { epoch: 'an-old-one', offset: 7 } })

      expect(await back.heard()).toMatchObject({ type: 'gap', reason: 'epoch' })
      expect(await back.heard()).toMatchObject({ type: 'live', position: { offset: 0 } })
    })
  })

  it('refuses what is said before entering, and a second entrance', async () => {
    await converse(async (t) => {
      const { request, stream } = typed(await open(t), chat)

      await expect(request('say', { ref: 'ref-0001', text: 'Hi' })).rejects.toMatchObject({
        failure: 'OUT_OF_TURN',
      })
      stream('enter', { name: 'Ada', key: 'key-of-Ada' })
      const second = stream('enter', { name: 'Bo', key: 'key-of-Bo' })
      await expect(second.result).rejects.toMatchObject({ failure: 'OUT_OF_TURN' })
    })
  })

  it('answers a name with markup with INVALID and a sentence', async () => {
    await converse(async (t) => {
      const markup = await enter(t, '<b>', { key: '01234567' })

      await expect(markup.seen()).rejects.toMatchObject({
        failure: 'INVALID',
        issues: [{ message: "A name has letters, digits and . _ - ' only" }],
      })
    })
  })

  it('closes with 1008 in a room that cannot be', async () => {
    await converse(async (t) => {
      const session = await open(t, '/chat/rooms/two%20words')

      expect(await session.closeReason).toEqual(new CloseReason(1008, 'No such room'))
    })
  })

  it('refuses a client that does not know the contract with 400', async () => {
    await converse(async (t) => {
      await expect(t.connect('/chat/rooms/lobby')).rejects.toMatchObject({ status: 400 })
    })
  })

  it('takes the longest message there is, and closes with 1009 on more than 16 KiB', async () => {
    await converse(async (t) => {
      const [ada, grace] = await enterBoth(t)

      await ada.say('ref-0001', '水'.repeat(2000))
      expect(await grace.heard()).toMatchObject({ text: '水'.repeat(2000) })
      await ada.session.send('x'.repeat(16 * 1024 + 1))

      expect(await ada.session.closeReason).toMatchObject({ code: 1009 })
    })
  })

  it('delays nobody when somebody does not read, who is told what was lost', async () => {
    await converse(async (t) => {
      const [ada, grace] = await enterBoth(t)
      grace.session.network.slowReader()

      for (let n = 1; n <= 400; n++) {
        await ada.say(`ref-${1000 + n}`, 'x'.repeat(2000))
        expect(await ada.heard()).toMatchObject({ position: { offset: n } })
      }
      grace.session.network.slowReader(false)

      const kinds = new Set<unknown>()
      for (let next; next?.position.offset !== 400;) {
        next = (await grace.heard()) as { type: string; position: { offset: number } }
        kinds.add(next.type)
      }
      expect([...kinds]).toEqual(['said', 'gap'])
    })
  })

  it('tells everyone 1001 when the server stops', async () => {
    await converse(async (t) => {
      const [ada, grace] = await enterBoth(t)

      const stopped = t.application.stop()
      await t.clock.advance(15_000)
      await stopped

      expect(await ada.session.closeReason).toMatchObject({ code: 1001 })
      expect(await grace.session.closeReason).toMatchObject({ code: 1001 })
    })
  })
})
