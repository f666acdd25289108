/**
 * What the bot has to say to what it hears, across connections. No connection and no time in here.
 *
 * It says nothing twice, and keeps no list of what it has said: the room does. A welcome brings the
 * room's history, and a question in it is open as long as there is no answer behind it. An answer
 * has one `ref`, which is made of the question's number, so that it is said once even if it was on
 * its way when the connection broke and is sent again.
 */

import { randomUUID } from 'node:crypto'
import { foldName } from '../chat/messages.ts'
import type { ClientMessage, Said, ServerMessage } from '../chat/messages.ts'
import type { Answer } from './answers.ts'

/** What is sent to say something. */
export type Say = Extract<ClientMessage, { type: 'say' }>

type Welcome = Extract<ServerMessage, { type: 'welcome' }>

/** How many names it remembers as greeted; the one heard of first is forgotten first. */
const MAX_KNOWN_NAMES = 1_000

/** The ears of one bot in one room. */
export class Listener {
  readonly #answer: Answer
  /** Those who are greeted, or were there before the bot. */
  readonly #known = new Set<string>()
  /** Its own name, as the room writes it. */
  #name = ''
  /** `null` before the first welcome. */
  #epoch: string | null = null
  /** Up to this number the room has spoken before the bot came: not for it. */
  #before = 0

  constructor(answer: Answer) {
    this.#answer = answer
  }

  /** Takes one message of the server, in order; returns what there is to say now, often nothing. */
  hear(message: ServerMessage): readonly Say[] {
    switch (message.type) {
      case 'welcome':
        return this.#begin(message)
      case 'joined':
        return this.#greet(message.name)
      case 'said':
        return this.#reply(message)
      case 'left':
        return []
    }
  }

  #begin({ name, epoch, members, history }: Welcome): readonly Say[] {
    const isFirst = this.#epoch === null
    // After a restart all that the room remembers was said while the bot was away.
    if (isFirst) this.#before = history.at(-1)?.id ?? 0
    else if (epoch !== this.#epoch) this.#before = 0
    this.#epoch = epoch
    this.#name = name
    if (isFirst) {
      for (const member of members) this.#remember(member)
      return []
    }

    const said = new Set(history.map(({ ref }) => ref))
    const open = history
      .flatMap((message) => this.#reply(message))
      .filter(({ ref }) => !said.has(ref))
    return [...members.flatMap((member) => this.#greet(member)), ...open]
  }

  /** Once: a greeting that is lost with the connection is lost. */
  #greet(name: string): readonly Say[] {
    if (name === this.#name || !this.#remember(name)) return []
    const text = `Hello, ${name}! Say !help to see what I know.`
    return [{ type: 'say', ref: randomUUID(), text }]
  }

  #reply({ id, name, text }: Said): readonly Say[] {
    if (name === this.#name || id <= this.#before) return []
    const answer = this.#answer(text)
    return answer === null ? [] : [{ type: 'say', ref: `re-${this.#epoch}-${id}`, text: answer }]
  }

  /** Whether the name is new to it. */
  #remember(name: string): boolean {
    const folded = foldName(name)
    if (this.#known.has(folded)) return false
    this.#known.add(folded)
    const [oldest] = this.#known
    if (this.#known.size > MAX_KNOWN_NAMES && oldest !== undefined) this.#known.delete(oldest)
    return true
  }
}
