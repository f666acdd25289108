/**
 * The heartbeat of clients that cannot see pings: a pair of text messages that no application ever sees.
 *
 * A question is U+0000, `towpath:ping:` and a number of 1 to 9 digits; its answer says `pong` with the same number.
 * Both are ordinary text messages on the wire. U+0000 begins no JSON and no text that somebody would type, so that looking at
 * one byte of a message is enough to know that it is none of these.
 */

const QUESTION = '\0towpath:ping:'
const ANSWER = '\0towpath:pong:'

/** The first byte, and character, of every message of the pair. */
export const HEARTBEAT_MARK: number = 0

const MAX_DIGITS = 9

/** Where the two differ: `ping`, `pong`. */
const VOWEL_AT = QUESTION.indexOf('i', QUESTION.indexOf(':'))
const O = 'o'.charCodeAt(0)

/** The number after the largest one; then they begin again. */
export const HEARTBEAT_LIMIT: number = 10 ** MAX_DIGITS

/** The question with that number: whole, 0 and above, below `HEARTBEAT_LIMIT`. */
export function heartbeatQuestion(count: number): string {
  return `${QUESTION}${count}`
}

/**
 * The answer to a text message, if it is a question; `null` for every other message.
 *
 * @param message all of the message; it is not changed.
 * @returns fresh memory.
 */
export function heartbeatAnswer(message: Uint8Array): Uint8Array | null {
  if (message[0] !== HEARTBEAT_MARK || !isBeat(message, QUESTION)) return null
  const answer = new Uint8Array(message)
  answer[VOWEL_AT] = O
  return answer
}

/** Whether a text message is an answer, to whichever question. */
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
