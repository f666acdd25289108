/**
 * The rooms of the chat, with members that write down what they are sent.
 */

import { CloseReason, Frame } from 'towpath'
import { beforeEach, describe, expect, it } from 'vitest'
import { Room } from '../../../examples/chat/room.ts'
import type { Member } from '../../../examples/chat/room.ts'
import { MAX_ROOMS, Rooms } from '../../../examples/chat/rooms.ts'

/** A member whose line takes `space` frames. */
class Passenger implements Member {
  readonly name: string
  readonly key: string
  readonly frames: unknown[] = []
  readonly closedWith: CloseReason[] = []
  space = Infinity

  constructor(name: string, key = `key-of-${name}`) {
    this.name = name
    this.key = key
  }

  readonly outgoing: Member['outgoing'] = {
    trySend: (frame) => {
      if (this.space === 0) return 'full'
      this.space -= 1
      if (!(frame instanceof Frame.Text)) throw new TypeError('Cannot read frame: not text')
      this.frames.push(JSON.parse(frame.readText()))
      return 'sent'
    },
  }

  readonly close: Member['close'] = (reason) => {
    if (reason !== undefined) this.closedWith.push(reason)
    return Promise.resolve()
  }

  /** What came since the last call. */
  take(): unknown[] {
    return this.frames.splice(0)
  }
}

function said(id: number, name: string, text: string): unknown {
  return { type: 'said', id, ref: `ref-${id}`, name, text, at: 1000 }
}

describe('Room', () => {
  let room: Room
  let ada: Passenger
  let bo: Passenger

  beforeEach(() => {
    room = new Room(() => 1000)
    ada = new Passenger('Ada')
    bo = new Passenger('Bo')
  })

  it('Room.join() welcomes the member with everyone and the history, and tells the others', () => {
    room.join(ada)
    room.say(ada, 'ref-1', 'Anyone?')
    ada.take()

    const joined = room.join(bo)

    expect(joined).toBe(true)
    expect(bo.take()).toEqual([
      {
        type: 'welcome',
        name: 'Bo',
        epoch: room.epoch,
        members: ['Ada', 'Bo'],
        history: [said(1, 'Ada', 'Anyone?')],
      },
    ])
    expect(ada.take()).toEqual([{ type: 'joined', name: 'Bo', at: 1000 }])
  })

  it('Room.join() refuses a name that somebody else has, in any case', () => {
    room.join(ada)
    const impostor = new Passenger('ADA', 'another key')

    expect(room.join(impostor)).toBe(false)
    expect(impostor.take()).toEqual([])
    expect(room.memberNames).toEqual(['Ada'])
  })

  it('Room.join() gives the place to the same person on a new connection, and nobody hears of it', () => {
    room.join(ada)
    room.join(bo)
    bo.take()
    const adaAgain = new Passenger('Ada')

    expect(room.join(adaAgain)).toBe(true)
    room.leave(ada)

    expect(ada.closedWith).toEqual([new CloseReason(4002, 'Opened in another place')])
    expect(room.memberNames).toEqual(['Ada', 'Bo'])
    expect(bo.take()).toEqual([])
  })

  it('Room.leave() tells those who stay, once', () => {
    room.join(ada)
    room.join(bo)
    ada.take()

    room.leave(bo)
    room.leave(bo)

    expect(ada.take()).toEqual([{ type: 'left', name: 'Bo', at: 1000 }])
    expect(room.memberNames).toEqual(['Ada'])
  })

  it('Room.say() reaches everyone, the author included', () => {
    room.join(ada)
    room.join(bo)
    ada.take()
    bo.take()

    room.say(bo, 'ref-1', 'Hello')

    expect(ada.take()).toEqual([said(1, 'Bo', 'Hello')])
    expect(bo.take()).toEqual([said(1, 'Bo', 'Hello')])
  })

  it('Room.say() says a message once that was sent twice', () => {
    room.join(ada)
    ada.take()

    room.say(ada, 'ref-1', 'Hello')
    room.say(ada, 'ref-1', 'Hello')

    expect(ada.take()).toEqual([said(1, 'Ada', 'Hello')])
  })

  it('Room.say() keeps the last 50 messages', () => {
    room.join(ada)
    for (let id = 1; id <= 53; id += 1) room.say(ada, `ref-${id}`, `message ${id}`)

    room.join(bo)

    const [welcome] = bo.take()
    expect(welcome).toMatchObject({ history: { length: 50 } })
    expect(welcome).toHaveProperty(['history', 0], said(4, 'Ada', 'message 4'))
    expect(welcome).toHaveProperty(['history', 49], said(53, 'Ada', 'message 53'))
  })

  it('Room sends a member away whose queue is full, and the others read on', () => {
    const cy = new Passenger('Cy')
    for (const member of [ada, bo, cy]) room.join(member)
    for (const member of [ada, bo, cy]) member.take()
    bo.space = 0

    room.say(ada, 'ref-1', 'Hello')

    expect(bo.closedWith).toEqual([new CloseReason(1008, 'Too slow for this room')])
    const expected = [said(1, 'Ada', 'Hello'), { type: 'left', name: 'Bo', at: 1000 }]
    expect(ada.take()).toEqual(expected)
    expect(cy.take()).toEqual(expected)
    expect(room.memberNames).toEqual(['Ada', 'Cy'])
  })

  it('Room sends several slow members away in one round', () => {
    const cy = new Passenger('Cy')
    for (const member of [ada, bo, cy]) room.join(member)
    ada.take()
    bo.space = 0
    cy.space = 0

    room.say(ada, 'ref-1', 'Hello')

    expect(bo.closedWith).toHaveLength(1)
    expect(cy.closedWith).toHaveLength(1)
    expect(room.memberNames).toEqual(['Ada'])
    expect(ada.take()).toEqual([
      said(1, 'Ada', 'Hello'),
      { type: 'left', name: 'Bo', at: 1000 },
      { type: 'left', name: 'Cy', at: 1000 },
    ])
  })
})

describe('Rooms', () => {
  it('Rooms.open() gives everyone the same room of a name, also after all have left', () => {
    const rooms = new Rooms()
    const room = rooms.open('lobby')

    expect(room).toBeInstanceOf(Room)
    expect(rooms.open('lobby')).toBe(room)
    expect(rooms.open('other')).not.toBe(room)
  })

  it('Rooms.open() forgets the oldest empty room when there is no space', () => {
    const rooms = new Rooms()
    const busy = rooms.open('room-0')
    busy?.join(new Passenger('Ada'))
    const empty = rooms.open('room-1')
    for (let n = 2; n < MAX_ROOMS; n += 1) rooms.open(`room-${n}`)

    expect(rooms.open('one-more')).toBeInstanceOf(Room)
    expect(rooms.open('room-0')).toBe(busy)
    expect(rooms.open('room-1')).not.toBe(empty)
  })

  it('Rooms.open() answers null when every room is in use', () => {
    const rooms = new Rooms()
    for (let n = 0; n < MAX_ROOMS; n += 1) rooms.open(`room-${n}`)?.join(new Passenger('Ada'))

    expect(rooms.open('one-more')).toBeNull()
    expect(rooms.open('room-3')).toBeInstanceOf(Room)
  })
})
