/**
 * Judges the answer to a case about frames.
 *
 * Only the strict answer is known byte by byte. What else is allowed: pongs and messages in another
 * order, an echo in fragments or compressed, a pong for the newest of several pings alone (RFC 6455
 * §5.5.3), pings and pongs of the peer's own, another reason in a Close.
 */

import { isUtf8 } from 'node:buffer'

import { type Exchange, sentCodes } from './check-case.ts'
import { type Finding, GOOD } from './check-result.ts'
import {
  type AnswerContent,
  type AnswerMessage,
  contentOf,
  type DeflateAgreement,
} from './wire/answer-messages.ts'
import { type AnswerFrame, AnswerReader } from './wire/answer-reader.ts'

/** All that came back, and how the connection ended. */
export interface Answer {
  readonly frames: readonly AnswerFrame[]
  /** What no peer may send; `null`: nothing. */
  readonly problem: string | null
  /** Whether the connection ended in the middle of a frame. */
  readonly isCut: boolean
  /** `open`: it was still open at the deadline. */
  readonly end: 'fin' | 'reset' | 'open'
  /** Whether the late steps of the exchange were needed. */
  readonly isLate: boolean
}

/** Codes that a Close frame must not have (§7.4.1). */
const NEVER_SENT: ReadonlySet<number> = new Set([1005, 1006, 1015])
const TOO_BIG = 1009

/** An endpoint may refuse a larger message (§10.4). */
const ORDINARY_BYTES = 65535

/** What the strict answer says. */
interface Expected {
  readonly messages: readonly AnswerMessage[]
  readonly pongs: readonly Uint8Array[]
  /** The payload of the Close; `null`: none, the connection ends. */
  readonly close: Uint8Array | null
  /** The code for a connection that is failed; `null`: the closing is agreed. */
  readonly failure: number | null
  /** The codes that the peer has sent; `null`: a Close without a code. */
  readonly sent: ReadonlyArray<number | null>
}

/** Returns what is expected. */
export function expectedOf({ gets, sends }: Exchange): Expected {
  const reader = new AnswerReader(false, Infinity)
  reader.read(gets)
  const { messages, pongs, close } = contentOf(reader.frames, null)
  const code = close === null ? null : codeOf(close)
  const sent = sentCodes(sends)
  const isFailure = code !== null && !sent.includes(code)
  return { messages, pongs, close, failure: isFailure ? code : null, sent }
}

/** Judges an answer. @param agreement for the frames of the answer. */
export function judgeAnswer(
  exchange: Exchange,
  answer: Answer,
  agreement: DeflateAgreement | null,
): Finding {
  const expected = expectedOf(exchange)
  const content = contentOf(answer.frames, agreement)
  const problem = answer.problem ?? content.problem ?? closeProblem(content)
  if (problem !== null) return { kind: 'broken', why: problem }
  const found = [
    judgeMasks(answer.frames),
    judgeAfterClose(content),
    judgeMessages(expected, content),
    judgePongs(expected, content),
    expected.failure === null
      ? judgeAgreed(expected, content, answer)
      : judgeFailure(expected, content, answer),
  ]
  return worstOf(found)
}

const ORDER = ['good', 'open', 'loose', 'wrong', 'broken'] as const

function worstOf(findings: readonly Finding[]): Finding {
  const rank = ({ kind }: Finding): number => ORDER.indexOf(kind)
  const worst = Math.max(...findings.map(rank))
  return findings.find((finding) => rank(finding) === worst) ?? GOOD
}

/** §5.3: each frame of a client has a new key. */
function judgeMasks(frames: readonly AnswerFrame[]): Finding {
  const keys = frames.flatMap(({ key }) => (key === null ? [] : [key]))
  const isRepeated = keys.length > 2 && new Set(keys).size === 1
  return isRepeated ? broken('it masks all frames with one key (§5.3)') : GOOD
}

function closeProblem({ close }: AnswerContent): string | null {
  if (close === null || close.length === 0) return null
  const code = codeOf(close)
  if (code === null) return 'it sent a Close of one byte (§5.5.1)'
  if (NEVER_SENT.has(code)) return `it sent a Close with the code ${code} (§7.4.1)`
  return isUtf8(close.subarray(2)) ? null : 'it sent a reason that is not UTF-8 (§5.5.1)'
}

function judgeAfterClose({ afterClose }: AnswerContent): Finding {
  if (afterClose.some((first) => (first & 0x0f) < 8)) {
    return broken('it sent data after its Close (§5.5.1)')
  }
  return afterClose.length === 0 ? GOOD : loose('it sent a control frame after its Close')
}

function judgeMessages({ messages, failure }: Expected, content: AnswerContent): Finding {
  const { messages: got, close } = content
  const common = messages.findIndex((message, index) => !isSame(message, got[index]))
  const isEqual = common === -1 && got.length === messages.length
  if (isEqual) return GOOD
  const isBig = messages.some(({ payload }) => payload.length > ORDINARY_BYTES)
  if (isBig && close !== null && codeOf(close) === TOO_BIG) {
    return { kind: 'open', why: 'the message is larger than it takes (1009)' }
  }
  if (got.length > messages.length) {
    const isFailed = failure !== null
    return wrong(`it echoed ${isFailed ? 'what is invalid' : 'a message too many'}`)
  }
  const index = Math.max(common, 0)
  if (index < got.length) return wrong(`message ${index + 1} came back changed`)
  const missing = messages.length - got.length
  return wrong(missing === 1 ? 'a message has no echo' : `${missing} messages have no echo`)
}

/** Of several pings, only the newest needs a pong. Unsolicited pongs are legal (§5.5.3). */
function judgePongs({ pongs }: Expected, content: AnswerContent): Finding {
  const newest = pongs.at(-1)
  if (newest === undefined) return GOOD
  let next = 0
  for (const pong of content.pongs) {
    const at = pongs.findIndex((each, index) => index >= next && isEqualBytes(each, pong))
    if (at !== -1) next = at + 1
  }
  return next < pongs.length ? wrong('the newest ping has no pong with its payload') : GOOD
}

/** The connection must be failed (§7.1.7). */
function judgeFailure(expected: Expected, content: AnswerContent, answer: Answer): Finding {
  const { failure, sent } = expected
  const { close } = content
  if (close === null) return judgeDrop(answer)
  const code = codeOf(close)
  if (code !== failure) {
    if (sent.includes(code)) return wrong('it answered the Close as if all had been valid')
    const is = code === null ? 'without a code' : `with ${code}`
    return loose(`it closed ${is}, expected ${failure} (§7.1.7)`)
  }
  if (answer.end === 'open') return wrong('it did not close TCP after both Close frames (§5.5.1)')
  return answer.isLate ? loose('it noticed only at the end of the frame or message') : GOOD
}

function judgeDrop({ end, isCut, isLate }: Answer): Finding {
  if (isCut) return broken('it sent a frame in part')
  if (end === 'open') return wrong('it did not close the connection')
  const when = isLate ? ', at the end of the frame or message' : ''
  return loose(`it dropped the connection without a Close${when} (§7.1.7)`)
}

/** The peer has sent a valid Close, or the end of the stream. */
function judgeAgreed({ close: due }: Expected, content: AnswerContent, answer: Answer): Finding {
  const { close } = content
  if (due === null) {
    return answer.end === 'open' ? wrong('it did not close TCP after the end of the stream') : GOOD
  }
  if (close === null) {
    if (answer.isCut) return broken('it sent a frame in part')
    return wrong(
      answer.end === 'open'
        ? 'it did not answer the Close'
        : 'it dropped the connection without answering the Close (§5.5.1)',
    )
  }
  const [code, expected] = [codeOf(close), codeOf(due)]
  if (answer.end === 'open') return wrong('it did not close TCP after both Close frames (§5.5.1)')
  if (code === expected || expected === null) return GOOD
  // The RFC requires a Close in response, and says only that it typically has the same code.
  if (code !== null && code >= 1002 && code <= 1015) {
    return loose(`it answered the Close with ${code}, as if it were invalid`)
  }
  const is = code === null ? 'without a code' : `with ${code}`
  return { kind: 'open', why: `it answered the Close ${is}, expected ${expected}` }
}

function codeOf(payload: Uint8Array): number | null {
  const [high, low] = payload
  return high === undefined || low === undefined ? null : high * 256 + low
}

function isSame(expected: AnswerMessage, got: AnswerMessage | undefined): boolean {
  if (got === undefined || got.isText !== expected.isText) return false
  return isEqualBytes(expected.payload, got.payload)
}

function isEqualBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0
}

function broken(why: string): Finding {
  return { kind: 'broken', why }
}

function loose(why: string): Finding {
  return { kind: 'loose', why }
}

function wrong(why: string): Finding {
  return { kind: 'wrong', why }
}
