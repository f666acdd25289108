import { describe, expect, it } from 'vitest'
import type { Exchange, Grade, Step } from '../../../src/cli/check/check-case.ts'
import { type Finding, verdictOf } from '../../../src/cli/check/check-result.ts'
import { type Answer, judgeAnswer } from '../../../src/cli/check/judge.ts'
import { AnswerReader } from '../../../src/cli/check/wire/answer-reader.ts'
import { GOODBYE, hex, PING, TEXT } from '../../../src/cli/check/wire/frame-bytes.ts'

const HELLO: Step = { first: TEXT, payload: hex('48 69') }

/** What the judge says of an answer, in hex, to steps whose strict answer is `gets`. */
function judged(
  sends: readonly Step[],
  gets: string,
  answer: string,
  more: Partial<Pick<Answer, 'end' | 'isLate'>> = {},
): Finding {
  const exchange: Exchange = { sends, gets: hex(gets) }
  const reader = new AnswerReader(false, Infinity)
  reader.read(hex(answer))
  const { frames, problem, isInsideFrame: isCut } = reader
  return judgeAnswer(exchange, { frames, problem, isCut, end: 'fin', isLate: false, ...more }, null)
}

const ECHO = '81 02 48 69 88 02 03 e8'
const echo = (answer: string, more?: Partial<Answer>): Finding =>
  judged([HELLO, GOODBYE], ECHO, answer, more)

const INVALID: Step = { first: 0x83 }
const refused = (answer: string, more?: Partial<Answer>): Finding =>
  judged([HELLO, INVALID], '81 02 48 69 88 02 03 ea', answer, more)

describe('judgeAnswer()', () => {
  it.each([
    ['the strict answer', ECHO],
    ['an echo in fragments', '01 01 48 80 01 69 88 02 03 e8'],
    ['a ping of its own', '89 00 81 02 48 69 88 02 03 e8'],
    ['a reason in the Close', '81 02 48 69 88 05 03 e8 62 79 65'],
    ['a pong that answers nothing (§5.5.3)', `8a 00 ${ECHO}`],
  ])('E-43 accepts %s', (_name, answer) => {
    expect(echo(answer)).toEqual({ kind: 'good', why: '' })
  })

  it.each([
    ['a changed echo', '81 02 48 6a 88 02 03 e8', 'wrong', 'came back changed'],
    ['an echo of the other kind', '82 02 48 69 88 02 03 e8', 'wrong', 'came back changed'],
    ['no echo', '88 02 03 e8', 'wrong', 'no echo'],
    ['an echo too many', '81 02 48 69 81 02 48 69 88 02 03 e8', 'wrong', 'a message too many'],
    ['no Close', '81 02 48 69', 'wrong', 'without answering the Close'],
    ['a Close with another code', '81 02 48 69 88 02 0f a0', 'open', 'with 4000'],
    ['a Close that refuses', '81 02 48 69 88 02 03 ea', 'loose', 'as if it were invalid'],
    ['a Close of one byte', '81 02 48 69 88 01 03', 'broken', '§5.5.1'],
    ['a code that never travels', '81 02 48 69 88 02 03 ed', 'broken', '1005'],
    ['a reason that is not UTF-8', '81 02 48 69 88 03 03 e8 ff', 'broken', 'UTF-8'],
    ['a text that is not UTF-8', '81 01 ff', 'broken', 'UTF-8'],
    ['a mask', '81 82 00 00 00 00 48 69', 'broken', 'mask'],
    ['a reserved bit', 'c1 02 48 69 88 02 03 e8', 'broken', 'reserved bit'],
    ['a reserved opcode', '83 00', 'broken', 'opcode 3'],
    ['a length that is too long', '81 7e 00 02 48 69', 'broken', 'shortest'],
    ['a message inside a message', '01 01 48 81 01 69', 'broken', '§5.4'],
    ['data after a Close', `${ECHO} 81 00`, 'broken', 'after its Close'],
    ['a frame in part', '81 02 48', 'broken', 'in part'],
  ])('E-43 finds %s', (_name, answer, kind, why) => {
    const finding = echo(answer)

    expect(finding.kind).toBe(kind)
    expect(finding.why).toContain(why)
  })

  it('E-43 a server that does not close TCP breaks a rule, whatever it sent', () => {
    expect(echo(ECHO, { end: 'open' })).toMatchObject({ kind: 'wrong' })
    expect(refused('81 02 48 69 88 02 03 ea', { end: 'open' })).toMatchObject({ kind: 'wrong' })
    expect(refused('81 02 48 69', { end: 'open' })).toMatchObject({ kind: 'wrong' })
  })

  it('E-44 a failure with another code, late, or without a Close is legal, but not strict', () => {
    expect(refused('81 02 48 69 88 02 03 ea')).toEqual({ kind: 'good', why: '' })
    expect(refused('81 02 48 69 88 02 03 ef')).toMatchObject({ kind: 'loose' })
    expect(refused('81 02 48 69')).toMatchObject({ kind: 'loose' })
    expect(refused('81 02 48 69 88 02 03 ea', { isLate: true })).toMatchObject({ kind: 'loose' })
  })

  it('E-44 a Close that is answered as valid, or an echo of what is invalid, is wrong', () => {
    const close: Step = { first: 0xc8, payload: hex('03 e8') }

    expect(judged([close], '88 02 03 ea', '88 02 03 e8')).toMatchObject({ kind: 'wrong' })
    expect(refused('81 02 48 69 81 00 88 02 03 ea')).toMatchObject({ kind: 'wrong' })
  })

  it('E-45 of several pings, the newest alone needs a pong', () => {
    const pings: Step[] = [1, 2, 3].map((byte) => ({ first: PING, payload: Uint8Array.of(byte) }))
    const all = '8a 01 01 8a 01 02 8a 01 03'
    const answer = (pongs: string): Finding =>
      judged([...pings, GOODBYE], `${all} 88 02 03 e8`, `${pongs} 88 02 03 e8`)

    expect(answer(all).kind).toBe('good')
    expect(answer('8a 01 03').kind).toBe('good')
    expect(answer('8a 01 01 8a 01 03').kind).toBe('good')
    expect(answer('8a 01 01 8a 01 02').kind).toBe('wrong')
    // An unsolicited pong is legal (§5.5.3).
    expect(answer('8a 01 03 8a 01 09').kind).toBe('good')
    expect(answer('').kind).toBe('wrong')
  })

  it('E-43 a client must mask each frame with a key of its own', () => {
    const reader = new AnswerReader(true, Infinity)
    reader.read(hex('8a 80 01 02 03 04 8a 80 01 02 03 04 8a 80 01 02 03 04'))
    const exchange: Exchange = {
      sends: [{ first: PING }, { first: PING }, { first: PING }, { ends: true }],
      gets: hex('8a 00 8a 00 8a 00'),
    }
    const { frames, problem } = reader
    const answer: Answer = { frames, problem, isCut: false, end: 'fin', isLate: false }

    expect(judgeAnswer(exchange, answer, null)).toMatchObject({ kind: 'broken' })
  })
})

describe('verdictOf()', () => {
  it.each<[Finding['kind'], readonly string[]]>([
    ['good', ['pass', 'pass', 'pass']],
    ['open', ['informational', 'informational', 'informational']],
    ['loose', ['strict-fail', 'strict-fail', 'informational']],
    ['wrong', ['fail', 'strict-fail', 'informational']],
    ['broken', ['fail', 'fail', 'fail']],
  ])('E-46 a finding that is %s, in cases of MUST, SHOULD and MAY', (kind, verdicts) => {
    const grades: readonly Grade[] = ['MUST', 'SHOULD', 'MAY']

    expect(grades.map((grade) => verdictOf({ kind, why: '' }, grade))).toEqual(verdicts)
  })
})
