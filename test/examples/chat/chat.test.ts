/**
 * Conversations in the chat, over the whole application, in memory.
 */

import { CloseReason, Frame } from 'towpath'
import { withTestApplication } from 'towpath/testing'
import type { TestApplication, TestSession } from 'towpath/testing'
import { describe, expect, it } from 'vitest'
import { examples } from '../../../examples/app.ts'

/** Somebody in a room of the chat. */
interface Person {
  readonly session: TestSession
  /** The next message of the server. */
  hear(): Promise<unknown>
  say(ref: string, text: string): Promise<void>
}

function converse(block: (t: TestApplication) => Promise<void>): Promise<void> {
  return withTestApplication(examples, block)
}

async function open(t: TestApplication, path: string): Promise<Person> {
  const session = await t.connect(path)
  return {
    session,
    async hear() {
      const frame = await session.incoming.receive()
      if (!(frame instanceof Frame.Text)) throw new TypeError('Cannot hear frame: not text')
      return JSON.parse(frame.readText())
    },
    say: (ref, text) => session.send(JSON.stringify({ type: 'say', ref, text })),
  }
}

async function enter(t: TestApplication, name: string, key = `key-of-${name}`): Promise<Person> {
  const person = await open(t, '/chat/rooms/lobby')
  await person.session.send(JSON.stringify({ type: 'join', name, key }))
  return person
}

/** Both have heard of each other. */
async function enterBoth(t: TestApplication): Promise<[Person, Person]> {
  const ada = await enter(t, 'Ada')
  await ada.hear()
  const grace = await enter(t, 'Grace')
  await grace.hear()
  await ada.hear()
  return [ada, grace]
}

describe('chat()', () => {
  it('chat() welcomes each who joins, and tells the others', async () => {
    await converse(async (t) => {
      const ada = await enter(t, 'Ada')
      const first = await ada.hear()
      const grace = await enter(t, ' Grace  Hopper ', 'key-of-Grace')

      expect(first).toMatchObject({ type: 'welcome', name: 'Ada', members: ['Ada'], history: [] })
      expect(await ada.hear()).toMatchObject({ type: 'joined', name: 'Grace Hopper' })
      expect(await grace.hear()).toMatchObject({
        type: 'welcome',
        name: 'Grace Hopper',
        members: ['Ada', 'Grace Hopper'],
      })
    })
  })

  it('chat() passes on what is said, under the name of the connection', async () => {
    await converse(async (t) => {
      const [ada, grace] = await enterBoth(t)

      await ada.say('ref-0001', '<b>Hello</b>')

      const expected = { type: 'said', id: 1, ref: 'ref-0001', name: 'Ada', text: '<b>Hello</b>' }
      expect(await ada.hear()).toMatchObject(expected)
      expect(await grace.hear()).toMatchObject(expected)
    })
  })

  it.each([
    ['with a Close frame', (person: Person) => void person.session.close()],
    ['without a word', (person: Person) => person.session.terminate()],
  ])('chat() tells the others when somebody leaves %s', async (_, leave) => {
    await converse(async (t) => {
      const [ada, grace] = await enterBoth(t)

      leave(grace)

      expect(await ada.hear()).toMatchObject({ type: 'left', name: 'Grace' })
    })
  })

  it('chat() tells the others when the network takes somebody, within 45 seconds', async () => {
    await converse(async (t) => {
      const [ada, grace] = await enterBoth(t)

      grace.session.network.halfOpen()
      await t.clock.advance(45_000)

      expect(await ada.hear()).toMatchObject({ type: 'left', name: 'Grace' })
    })
  })

  it('chat() closes with 4001 when somebody else has the name', async () => {
    await converse(async (t) => {
      await enterBoth(t)

      const { session } = await enter(t, 'ADA', 'another-key')

      const expected = new CloseReason(4001, 'That name is taken in this room')
      expect(await session.closeReason).toEqual(expected)
    })
  })

  it('chat() gives a tab that comes back its place, and closes the old one with 4002', async () => {
    await converse(async (t) => {
      const [ada, grace] = await enterBoth(t)

      const again = await enter(t, 'Ada')

      expect(await again.hear()).toMatchObject({ members: ['Ada', 'Grace'] })
      expect(await ada.session.closeReason).toEqual(
        new CloseReason(4002, 'Opened in another place'),
      )
      await again.say('ref-0001', 'Back again')
      expect(await grace.hear()).toMatchObject({ type: 'said', name: 'Ada', text: 'Back again' })
    })
  })

  it.each([
    ['not JSON', 'hello', 'Cannot read message: not JSON'],
    [
      'say before join',
      '{"type":"say","ref":"ref-0001","text":"Hi"}',
      'Cannot follow message: expected join, once, and then say',
    ],
    ['bytes', new Uint8Array(3), 'Cannot read message: not text'],
    [
      'a name with markup',
      '{"type":"join","name":"<b>","key":"01234567"}',
      "Cannot use name: expected letters, digits and . _ - ' only",
    ],
  ])('chat() closes with 4000 on %s', async (_, data, message) => {
    await converse(async (t) => {
      const { session } = await open(t, '/chat/rooms/lobby')

      await session.send(data)

      expect(await session.closeReason).toEqual(new CloseReason(4000, message))
    })
  })

  it('chat() closes with 4000 on a second join, and the others hear that the member left', async () => {
    await converse(async (t) => {
      const [ada, grace] = await enterBoth(t)

      await grace.session.send('{"type":"join","name":"Bo","key":"01234567"}')

      expect(await grace.session.closeReason).toMatchObject({ code: 4000 })
      expect(await ada.hear()).toMatchObject({ type: 'left', name: 'Grace' })
    })
  })

  it('chat() closes with 4000 in a room that cannot be', async () => {
    await converse(async (t) => {
      const { session } = await open(t, '/chat/rooms/two%20words')

      expect(await session.closeReason).toEqual(new CloseReason(4000, 'No such room'))
    })
  })

  it('chat() takes the longest message there is, and closes with 1009 on more than 16 KiB', async () => {
    await converse(async (t) => {
      const [ada, grace] = await enterBoth(t)

      await ada.say('ref-0001', '水'.repeat(2000))
      expect(await grace.hear()).toMatchObject({ text: '水'.repeat(2000) })
      await ada.session.send('x'.repeat(16 * 1024 + 1))

      expect(await ada.session.closeReason).toMatchObject({ code: 1009 })
      expect(await grace.hear()).toMatchObject({ type: 'left', name: 'Ada' })
    })
  })

  it('chat() sends somebody away with 1008 who does not read, and the others go on', async () => {
    await converse(async (t) => {
      const [ada, grace] = await enterBoth(t)
      grace.session.network.slowReader()

      let news: unknown
      for (let n = 1; n <= 400; n += 1) {
        await ada.say(`ref-${1000 + n}`, 'x'.repeat(2000))
        news = await ada.hear()
        if (JSON.stringify(news).includes('"left"')) break
      }

      expect(news).toMatchObject({ type: 'left', name: 'Grace' })
      grace.session.network.slowReader(false)
      for await (const _frame of grace.session.incoming) continue
      expect(await grace.session.closeReason).toEqual(
        new CloseReason(1008, 'Too slow for this room'),
      )
    })
  })

  it('chat() lets everyone read what one sends in a burst', async () => {
    await converse(async (t) => {
      const [ada, grace] = await enterBoth(t)

      for (let n = 1; n <= 60; n += 1) await ada.say(`ref-${1000 + n}`, `Message ${n}`)

      for (let n = 1; n <= 60; n += 1) {
        expect(await grace.hear()).toMatchObject({ id: n, text: `Message ${n}` })
      }
    })
  })

  it('chat() tells everyone 1001 when the server stops', async () => {
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
