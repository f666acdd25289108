/**
 * A chat room: who is there, what was said last, and how everyone hears of it.
 *
 * Nothing in here waits. A broadcast offers its frame to each member's outgoing queue; a member
 * whose queue is full is too slow for this room and is sent away, so that one bad line never holds
 * up the others. Its page comes back by itself and reads the history.
 */

import { randomUUID } from 'node:crypto'
import { CloseReason, Frame } from 'towpath'
import type { WebSocketServerSession } from 'towpath'
import { foldName } from './messages.ts'
import type { Said, ServerMessage } from './messages.ts'

/** How many messages a room remembers. */
export const HISTORY_LENGTH = 50

/** Close codes of this chat, in the range that RFC 6455 §7.4.2 leaves to applications. */
export const ChatCloseCode = {
  InvalidMessage: 4000,
  NameTaken: 4001,
  Replaced: 4002,
} as const

/** One connection of one person: the part of a session that a room needs. */
export interface Member extends Pick<WebSocketServerSession, 'close'> {
  readonly name: string
  readonly key: string
  readonly outgoing: Pick<WebSocketServerSession['outgoing'], 'trySend'>
}

/** Made and kept by `Rooms`. */
export class Room {
  /** Tells this life of the room from one before a restart. */
  readonly epoch: string = randomUUID()

  readonly #now: () => number
  readonly #members = new Map<string, Member>()
  readonly #history: Said[] = []
  #lastId = 0

  /** @param now - the time in ms since 1970, for the messages. */
  constructor(now: () => number = Date.now) {
    this.#now = now
  }

  get isEmpty(): boolean {
    return this.#members.size === 0
  }

  /** The names of those who are there, in the order in which they came. */
  get memberNames(): string[] {
    return Array.from(this.#members.values(), (member) => member.name)
  }

  /**
   * Lets `member` in: it is welcomed with the history, the others hear of it. A member with the
   * same name and the same key is the same person on a new connection: it replaces the old one,
   * quietly.
   *
   * @returns `false` when somebody else has the name.
   */
  join(member: Member): boolean {
    const folded = foldName(member.name)
    const before = this.#members.get(folded)
    if (before !== undefined && before.key !== member.key) return false

    this.#members.set(folded, member)
    this.#welcome(member)
    if (before === undefined) {
      this.#broadcast({ type: 'joined', name: member.name, at: this.#now() }, member)
    } else {
      void before.close(new CloseReason(ChatCloseCode.Replaced, 'Opened in another place'))
    }
    return true
  }

  /** Says goodbye for `member`. @returns `false` when it was replaced or sent away before. */
  leave(member: Member): boolean {
    const folded = foldName(member.name)
    if (this.#members.get(folded) !== member) return false
    this.#members.delete(folded)
    this.#broadcast({ type: 'left', name: member.name, at: this.#now() })
    return true
  }

  /**
   * Remembers `text` and tells everyone, its author included; nothing when `ref` was said before.
   */
  say(member: Member, ref: string, text: string): void {
    if (this.#history.some((said) => said.ref === ref)) return
    this.#lastId += 1
    const { name } = member
    const said: Said = { type: 'said', id: this.#lastId, ref, name, text, at: this.#now() }
    this.#history.push(said)
    if (this.#history.length > HISTORY_LENGTH) this.#history.shift()
    this.#broadcast(said)
  }

  #welcome(member: Member): void {
    const { name } = member
    const { epoch, memberNames: members } = this
    // The first frame of a connection always has a place; if it is closed, `leave` is on its way.
    member.outgoing.trySend(
      encode({ type: 'welcome', name, epoch, members, history: this.#history }),
    )
  }

  /** Made once for all, and offered to each: what becomes of one member is no other's business. */
  #broadcast(message: ServerMessage, except?: Member): void {
    const frame = encode(message)
    const tooSlow: Member[] = []
    for (const member of this.#members.values()) {
      if (member !== except && member.outgoing.trySend(frame) === 'full') tooSlow.push(member)
    }
    // After the round: `left` is a broadcast too, and must not overtake this message for anyone.
    for (const member of tooSlow) this.#sendAway(member)
  }

  #sendAway(member: Member): void {
    if (!this.leave(member)) return
    void member.close(new CloseReason(CloseReason.Codes.VIOLATED_POLICY, 'Too slow for this room'))
  }
}

function encode(message: ServerMessage): Frame {
  return new Frame.Text(JSON.stringify(message))
}
