/**
 * The heartbeat of clients that cannot see pings: a pair of text messages that applications never
 * see.
 *
 * A question is U+0000, `towpath:ping:` and a number of 1 to 9 digits; its answer says `pong` with
 * the same number. Both are ordinary text messages on the wire. Neither JSON nor typed text begins
 * with U+0000, so the first byte of a message usually shows that it is not a heartbeat.
 */

const QUESTION = '\0towpath:ping:'
const ANSWER = '\0towpath:pong:'

/** The first byte, and character, of both messages. */
export const HEARTBEAT_MARK: number = 0

const MAX_DIGITS = 9

/** The index at which the two differ: `ping`, `pong`. */
const VOWEL_AT = QUESTION.indexOf('i', QUESTION.indexOf(':'))
const O = 'o'.charCodeAt(0)

/** The limit of the numbers; they start again at 0. */
export const HEARTBEAT_LIMIT: number = 10 ** MAX_DIGITS

/** Returns the question with the number `count`: an integer from 0 to below `HEARTBEAT_LIMIT`. */
export function heartbeatQuestion(count: number): string {
  return `${QUESTION}${count}`
}

/**
 * Returns the answer to a text message if it is a question; `null` for every other message.
 *
 * @param message the whole message; it is not changed.
 * @returns fresh memory.
 */
export function heartbeatAnswer(message: Uint8Array): Uint8Array | null {
  if (message[0] !== HEARTBEAT_MARK || !isBeat(message, QUESTION)) return null
  const answer = new Uint8Array(message)
  answer[VOWEL_AT] = O
  return answer
}

/** Whether a text message is the answer to any question. */
export function isHeartbeatAnswer(message: string | Uint8Array): boolean {
  const first = typeof message === 'string' ? message.charCodeAt(0) : message[0]
  return first === HEARTBEAT_MARK && isBeat(message, ANSWER)
}

function isBeat(message: string | Uint8Array, prefix: string): boolean {
  const digits = message.length - prefix.length
  if (digits < 1 || digits > MAX_DIGITS) return false
  const text = typeof message === 'string' ? message : String.fromCharCode(...message)
  return text.startsWith(prefix) && /^\d+$/.test(text.slice(prefix.length))
}
