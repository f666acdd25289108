/**
 * The chat's route. A room is a topic, which has the history and the members. This module connects
 * one session to it.
 */

import { createHash } from 'node:crypto'
import { CloseReason, minutes } from 'towpath'
import type { DefaultWebSocketServerSession } from 'towpath'
import { typed } from 'towpath/messages'
import { defineTopic } from 'towpath/topics'
import type { Topic, TopicsOfProcess } from 'towpath/topics'
import { z } from 'zod'
import { chat, roomName, said } from './contract.ts'

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
  session: DefaultWebSocketServerSession<{ readonly room: string }>,
): Promise<void> {
  const name = roomName.safeParse(session.call.parameters.room)
  if (!name.success) {
    return session.close(new CloseReason(CloseReason.Codes.VIOLATED_POLICY, 'No such room'))
  }
  const room = topics.topic(Room, { room: name.data })
  let member: Promise<{ readonly key: string; readonly name: string }> | null = null

  await typed(session, chat).serve({
    enter({ name, key }, { signal, error }) {
      if (member !== null) throw error('OUT_OF_TURN')
      member = (async () => {
        // Members are public, and the secret is not.
        const id = createHash('sha256').update(key).digest('base64url')
        if (await isTaken(room, name, id)) throw error('NAME_TAKEN')
        await room.presence.join(session, id, { name })
        return { key: id, name }
      })()
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
      const { key, name } = await member
      await room.publish({ name, text, ref }, { id: `${key} ${ref}` })
    },
  })
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

/** Whether somebody else has the name. `ADA` and `Ada` are one name. */
async function isTaken(room: RoomTopic, name: string, key: string): Promise<boolean> {
  const { members } = await room.presence.list()
  return members.some((other) => other.key !== key && fold(other.meta.name) === fold(name))
}

function fold(name: string): string {
  return name.normalize('NFKC').toLowerCase()
}
