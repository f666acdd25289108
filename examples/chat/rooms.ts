/**
 * All rooms of the chat. A room begins when the first person opens it, and its history stays while
 * there is space: the number of rooms is bounded, and the longest-kept empty one goes first.
 */

import { Room } from './room.ts'

/** How many rooms are kept, with their history, on nothing but memory. */
export const MAX_ROOMS = 500

/** The rooms by name; names are those that `parseRoomName` lets through. */
export class Rooms {
  readonly #rooms = new Map<string, Room>()

  /** The room `name`, begun if need be; `null` when every room is in use and there is no space. */
  open(name: string): Room | null {
    const known = this.#rooms.get(name)
    if (known !== undefined) return known
    if (this.#rooms.size >= MAX_ROOMS && !this.#forgetOneEmptyRoom()) return null

    const room = new Room()
    this.#rooms.set(name, room)
    return room
  }

  #forgetOneEmptyRoom(): boolean {
    for (const [name, room] of this.#rooms) {
      if (room.isEmpty) return this.#rooms.delete(name)
    }
    return false
  }
}
