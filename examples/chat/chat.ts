/**
 * The chat's route. A room is a topic, which has the history and the members. This module connects
 * one session to it.
 */

import { CloseReason, minutes } from 'towpath'
import type { DefaultWebSocketServerSession } from 'towpath'
import { typed } from 'towpath/messages'
import { defineTopic, PresenceKeyTakenError } from 'towpath/topics'
import type { Topic, TopicsOfProcess } from 'towpath/topics'
import { z } from 'zod'
import { chat, roomName, said } from './contract.ts'
import type { RoomLimit } from './room-limit.ts'

const HISTORY_LENGTH = 50

/** A room: its last messages, and who is there. */
export const Room = defineTopic('chat/:room', {
  event: said,
  history: { size: HISTORY_LENGTH, age: minutes(60) },
  presence: { meta: z.object({ name: z.string() }) },
})

type Said = z.infer<typeof said>
type Member = { readonly name: string }
type RoomTopic = Topic<Said, Said, Member>

/**
 * Serves one session in the room of its path. Whatever ends the session, its member leaves with it.
 * A client that reads slowly gets its messages later, and delays no other.
 */
export async function serveChat(
  topics: TopicsOfProcess,
  rooms: RoomLimit,
  session: DefaultWebSocketServerSession<{ readonly room: string }>,
): Promise<void> {
  const name = roomName.safeParse(session.call.parameters.room)
  if (!name.success) {
    return session.close(new CloseReason(CloseReason.Codes.VIOLATED_POLICY, 'No such room'))
  }
  if (!rooms.enter(name.data)) {
    return session.close(new CloseReason(CloseReason.Codes.TRY_AGAIN_LATER, 'Too many rooms'))
  }
  try {
    await converse(topics.topic(Room, { room: name.data }), session)
  } finally {
    rooms.leave(name.data)
  }
}

async function converse(room: RoomTopic, session: DefaultWebSocketServerSession): Promise<void> {
  let member: Promise<Member> | null = null

  await typed(session, chat).serve({
    enter({ name, key }, { signal, error }) {
      if (member !== null) throw error('OUT_OF_TURN')
      member = join(room, session, { name }, key, () => error('NAME_TAKEN'))
      // A client that gives no credit never begins to read, and nobody awaits the refusal.
      member.catch(() => {})
      return people(room, member, signal)
    },

    async *read({ after }, { signal }) {
      let position = after ?? (await room.position())
      for await (const item of room.events({ from: after ?? { last: HISTORY_LENGTH }, signal })) {
        if (item.type === 'event') {
          position = { ...position, offset: item.offset ?? 0 }
          yield { type: 'said', ...item.event, at: item.at, position }
        } else if (item.type === 'gap') {
          position = { epoch: item.epoch ?? '', offset: (item.before ?? 1) - 1 }
          yield { type: 'gap', missed: item.missed, reason: item.reason, position }
        } else if (item.type === 'live') {
          yield { type: 'live', position }
        }
      }
    },

    async say({ ref, text }, { error }) {
      if (member === null) throw error('OUT_OF_TURN')
      const { name } = await member
      await room.publish({ name, text, ref }, { id: `${spelling(name)} ${ref}` })
    },
  })
}

/**
 * Takes a name in the room, for as long as the session lasts. `key` is the secret of its holder.
 *
 * @throws (by rejecting) what `taken` returns if another holder has the name, on any server.
 */
async function join(
  room: RoomTopic,
  session: DefaultWebSocketServerSession,
  member: Member,
  key: string,
  taken: () => Error,
): Promise<Member> {
  try {
    await room.presence.join(session, spelling(member.name), member, { holder: key })
    return member
  } catch (error) {
    throw error instanceof PresenceKeyTakenError ? taken() : error
  }
}

/** `ADA` and `Ada` are one name. */
function spelling(name: string): string {
  return name.toLowerCase()
}

/** Who is there, once the member is. */
async function* people(room: RoomTopic, member: Promise<unknown>, signal: AbortSignal) {
  await member
  for await (const change of room.presence.changes({ signal })) {
    if (change.type === 'members') {
      const names = change.members.map(({ meta }) => meta.name)
      yield { type: change.type, names, count: change.count }
    } else if (change.type === 'joined' || change.type === 'left') {
      yield { type: change.type, name: change.member.meta.name }
    } else if (change.type === 'count') yield change
  }
}
