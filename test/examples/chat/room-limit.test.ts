import { hours } from 'towpath'
import { withTestApplication } from 'towpath/testing'
import { describe, expect, it } from 'vitest'
import { examples } from '../../../examples/app.ts'
import { chat } from '../../../examples/chat/contract.ts'
import { MAX_ROOMS, RoomLimit } from '../../../examples/chat/room-limit.ts'
import { VirtualClock } from '../../../src/base/index.ts'

function fill(rooms: RoomLimit): void {
  for (let room = 0; room < MAX_ROOMS; room++) {
    expect(rooms.enter(`room-${room}`)).toBe(true)
    rooms.leave(`room-${room}`)
  }
}

describe('RoomLimit', () => {
  it('admits no new room when there are too many, and always the known ones', () => {
    const rooms = new RoomLimit(new VirtualClock())
    fill(rooms)

    expect(rooms.enter('lobby')).toBe(false)
    expect(rooms.enter('room-0')).toBe(true)
  })

  it('forgets a room 25 hours after the last one has left', async () => {
    const clock = new VirtualClock()
    const rooms = new RoomLimit(clock)
    fill(rooms)
    rooms.enter('room-0')
    rooms.enter('room-0')
    rooms.leave('room-0')
    await clock.advance(hours(25))

    // All others are forgotten.
    for (let room = 1; room < MAX_ROOMS; room++) expect(rooms.enter(`new-${room}`)).toBe(true)
    expect(rooms.enter('lobby')).toBe(false)
    rooms.leave('room-0')
    await clock.advance(hours(25))
    expect(rooms.enter('lobby')).toBe(true)
  })

  it('closes a session of one room too many with 1013', async () => {
    await withTestApplication(examples, async (t) => {
      const open = (room: string) => t.connect(`/chat/rooms/${room}`, { protocols: chat.protocols })
      for (let room = 0; room < MAX_ROOMS; room++) {
        const session = await open(`room-${room}`)
        await session.close()
      }

      const refused = await open('lobby')

      expect((await refused.closed).reason).toMatchObject({ code: 1013 })
    })
  })
})
