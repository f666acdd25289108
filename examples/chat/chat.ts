/**
 * The chat's route: one connection is one run of this function, from the first frame to the last.
 */

import { CloseReason, Frame } from 'towpath'
import type { WebSocketServerSession } from 'towpath'
import { InvalidMessageError, parseClientMessage, parseRoomName } from './messages.ts'
import type { ClientMessage } from './messages.ts'
import { ChatCloseCode } from './room.ts'
import type { Member, Room } from './room.ts'
import type { Rooms } from './rooms.ts'

/**
 * Serves one page in the room `roomName`, as it came in the path, until it leaves or is sent away.
 *
 * Whatever ends the loop (the page closed, the line died, the server stops, the code below closed),
 * `finally` frees the member's place. A mistake of the page is answered with a close code that says
 * so; any other error is ours, and the framework reports it and closes with 1011.
 */
export async function chat(
  rooms: Rooms,
  roomName: string,
  { incoming, outgoing, close }: WebSocketServerSession,
): Promise<void> {
  const room = openRoom(rooms, roomName)
  if (room instanceof CloseReason) return close(room)

  let member: Member | null = null
  try {
    for await (const frame of incoming) {
      const message = readMessage(frame)

      if (message.type === 'join' && member === null) {
        const { name, key } = message
        const newcomer = { name, key, outgoing, close }
        if (!room.join(newcomer)) {
          void close(new CloseReason(ChatCloseCode.NameTaken, 'That name is taken in this room'))
          return
        }
        member = newcomer
      } else if (message.type === 'say' && member !== null) {
        room.say(member, message.ref, message.text)
      } else {
        throw new InvalidMessageError('Cannot follow message: expected join, once, and then say')
      }
    }
  } catch (error) {
    if (!(error instanceof InvalidMessageError)) throw error
    void close(new CloseReason(ChatCloseCode.InvalidMessage, error.message))
  } finally {
    if (member !== null) room.leave(member)
  }
}

/** The room, or why there is none. */
function openRoom(rooms: Rooms, roomName: string): Room | CloseReason {
  const name = parseRoomName(roomName)
  if (name === null) return new CloseReason(ChatCloseCode.InvalidMessage, 'No such room')
  return rooms.open(name) ?? new CloseReason(CloseReason.Codes.TRY_AGAIN_LATER, 'Too many rooms')
}

function readMessage(frame: Frame): ClientMessage {
  if (frame instanceof Frame.Text) return parseClientMessage(frame.readText())
  throw new InvalidMessageError('Cannot read message: not text')
}
