/**
 * The chat's route: one connection is one run of this function, from the first frame to the last.
 */

import { CloseReason, Frame } from 'towpath'
import type { WebSocketServerSession } from 'towpath'
import { InvalidMessageError, parseClientMessage, parseRoomName } from './messages.ts'
import { ChatCloseCode } from './room.ts'
import type { Member } from './room.ts'
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
  const name = parseRoomName(roomName)
  if (name === null) return close(new CloseReason(ChatCloseCode.InvalidMessage, 'No such room'))
  const room = rooms.open(name)
  if (room === null) return close(new CloseReason(CloseReason.Codes.TRY_AGAIN_LATER, 'Too many rooms'))

  let member: Member | null = null
  try {
    for await (const frame of incoming) {
      if (!(frame instanceof Frame.Text)) throw new InvalidMessageError('Cannot read message: not text')
      const message = parseClientMessage(frame.readText())

      if (message.type === 'join' && member === null) {
        const { name, key } = message
        const newcomer = { name, key, outgoing, close }
        if (!room.join(newcomer)) {
          return close(new CloseReason(ChatCloseCode.NameTaken, 'That name is taken in this room'))
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
    return close(new CloseReason(ChatCloseCode.InvalidMessage, error.message))
  } finally {
    if (member !== null) room.leave(member)
  }
}
