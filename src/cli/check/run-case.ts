/**
 * Runs one case against a server.
 */

import type { Clock } from '../../base/index.ts'
import { ConnectError } from '../../client/index.ts'
import { printable } from '../printable.ts'
import type { CheckCase, Described, Exchange, FrameCase, HandshakeCase } from './check-case.ts'
import { type Finding, GOOD } from './check-result.ts'
import { conduct } from './conduct.ts'
import { judgeAnswer } from './judge.ts'
import { agreementOf } from './wire/deflate-agreement.ts'
import { GOODBYE, GOODBYE_HEX, hex, TEXT } from './wire/frame-bytes.ts'
import { type ResponseHead, switchingProblem } from './wire/http-head.ts'
import { type CheckTarget, openConnection, shakeHands } from './wire/open-connection.ts'
import type { RawConnection } from './wire/raw-connection.ts'

/** How long one answer is awaited, as a part of the time of a case. */
const PATIENCE_SHARES = 3

/** Large messages get so many times the time of a case. */
const LARGE_SHARES = 6

const HELLO = { first: TEXT, payload: hex('48 65 6c 6c 6f') }
const HELLO_EXCHANGE: Exchange = {
  sends: [HELLO, GOODBYE],
  gets: hex(`81 05 48 65 6c 6c 6f ${GOODBYE_HEX}`),
}

/** What became of a case. */
export interface CaseOutcome {
  readonly finding: Finding
  /**
   * - `answered`: the server did something.
   * - `silent`: it sent nothing in the time of the case.
   * - `unreachable`: there was no connection.
   */
  readonly contact: 'answered' | 'silent' | 'unreachable'
}

/** What was found out about the server before. */
export interface ServerFacts {
  readonly deflates: boolean
}

/** A connection after a handshake that succeeded. */
export interface OpenedConnection {
  readonly response: ResponseHead
  readonly connection: RawConnection
  /** The bytes that have arrived before. */
  readonly rest: Uint8Array
  /** How long one answer is awaited, in milliseconds. */
  readonly patience: number
}

/** Runs cases, each on a connection of its own, each within its time. */
export class CaseRunner {
  readonly #target: CheckTarget
  readonly #clock: Clock
  readonly #deadline: number

  /** @param deadline the time of one case, in milliseconds. */
  constructor(target: CheckTarget, clock: Clock, deadline: number) {
    this.#target = target
    this.#clock = clock
    this.#deadline = deadline
  }

  /** Never rejects for what the server does. */
  async run(each: CheckCase, { deflates }: ServerFacts, signal: AbortSignal): Promise<CaseOutcome> {
    const needsDeflate = each.kind === 'frames' ? each.offer !== undefined : each.needsDeflate
    if (needsDeflate === true && !deflates) return NO_COMPRESSION
    let connection: RawConnection
    try {
      connection = await openConnection(this.#target, this.#clock, signal)
    } catch (error) {
      if (!(error instanceof ConnectError)) throw error
      const why = `there was no connection: ${printable(error.message)}`
      return { finding: { kind: 'broken', why }, contact: 'unreachable' }
    }
    let isSilent = false
    using _timer = this.#clock.setTimer(timeOf(each, this.#deadline), () => {
      isSilent = connection.receivedBytes === 0
      connection.expire()
    })
    const stop = (): void => connection.destroy()
    signal.addEventListener('abort', stop)
    try {
      const finding =
        each.kind === 'frames'
          ? await this.#runFrames(connection, each)
          : await this.#runHandshake(connection, each)
      return { finding, contact: isSilent ? 'silent' : 'answered' }
    } finally {
      signal.removeEventListener('abort', stop)
      connection.destroy()
    }
  }

  async #runFrames(connection: RawConnection, each: FrameCase): Promise<Finding> {
    const { offer } = each
    const { request, protocols } = this.#target
    const add = offer === undefined ? [] : [`Sec-WebSocket-Extensions: ${offer}`]
    const { response, rest } = await shakeHands(connection, request, { add }, false)
    if (response?.status !== 101) {
      const why = notSwitched(response, connection)
      // An offer that a server does not take must be declined, but it may also refuse the request.
      return offer !== undefined && response !== null ? { kind: 'loose', why } : broken(why)
    }
    const problem = switchingProblem(response, offeredBy(each), protocols)
    if (problem !== null) return broken(problem)
    return runFrames(each, { response, connection, rest, patience: this.#patience })
  }

  async #runHandshake(connection: RawConnection, each: HandshakeCase): Promise<Finding> {
    const { change, outcome, isSlow = false } = each
    const answer = await shakeHands(connection, this.#target.request, change, isSlow)
    const { response, rest, isInvalid } = answer
    if (isInvalid) return broken('it answered with something that is no HTTP response')
    const mustOpen = outcome === 'opens' || outcome === 'declines'
    if (response?.status !== 101) {
      if (!mustOpen) return judgeRefusal(outcome, response, connection)
      const isRefusal = outcome === 'declines' && response !== null && response.status >= 400
      const why = notSwitched(response, connection)
      return isRefusal ? { kind: 'loose', why } : wrong(why)
    }
    if (!mustOpen) return wrong('it opened the connection')
    const isDeflate = each.needsDeflate === true
    const offered = isDeflate ? ['permessage-deflate'] : []
    const problem = switchingProblem(response, offered, this.#target.protocols)
    if (problem !== null) return broken(problem)
    if (isDeflate && response.headers.has('sec-websocket-extensions')) {
      return wrong('it accepted the offer')
    }
    const how = { role: 'server', isSlow, patience: this.#patience } as const
    const got = await conduct(connection, HELLO_EXCHANGE, how, rest)
    return judgeAnswer(HELLO_EXCHANGE, got, null)
  }

  get #patience(): number {
    return patienceOf(this.#deadline)
  }
}

/** The outcome of a case about compression, for a server without it. */
export const NO_COMPRESSION: CaseOutcome = {
  finding: open('it does not compress'),
  contact: 'answered',
}

/** Runs a case about frames behind its handshake. */
export async function runFrames(each: FrameCase, opened: OpenedConnection): Promise<Finding> {
  const { offer, needsTakeover, isSlow = false } = each
  const { response, connection, rest, patience } = opened
  const agreed = offer === undefined ? null : agreementOf(offer, response)
  if (agreed !== null && 'problem' in agreed) return broken(agreed.problem)
  if (offer !== undefined && agreed === null) return open('it declines the offer')
  if (needsTakeover === true && agreed?.clientHasTakeover === false) {
    return open('it does not let the client refer to earlier messages')
  }
  const exchange = each.exchange()
  const answer = await conduct(connection, exchange, { role: 'server', isSlow, patience }, rest)
  return judgeAnswer(exchange, answer, agreed)
}

/** Returns the names of the extensions that a case offers. */
export function offeredBy({ offer }: FrameCase): string[] {
  return offer === undefined ? [] : ['permessage-deflate']
}

/** The time of a case, in milliseconds. @param deadline for a case without large messages. */
export function timeOf({ family }: Described, deadline: number): number {
  return family === 'limits' ? deadline * LARGE_SHARES : deadline
}

/** How long one answer is awaited, in milliseconds, before a case goes on. */
export function patienceOf(deadline: number): number {
  return Math.ceil(deadline / PATIENCE_SHARES)
}

function judgeRefusal(
  outcome: HandshakeCase['outcome'],
  response: ResponseHead | null,
  connection: RawConnection,
): Finding {
  if (response === null) {
    const isOpen = connection.end === 'open'
    const why = isOpen
      ? 'it neither answered nor closed the connection (§4.2.1)'
      : 'it dropped the connection without a response (§4.2.1)'
    if (outcome === 'ignores') return isOpen ? { kind: 'loose', why } : GOOD
    return { kind: isOpen ? 'wrong' : 'loose', why }
  }
  const { status, headers } = response
  if (outcome === 'ignores') return GOOD
  if (status < 400) return { kind: 'loose', why: `it answered with status ${status} (§4.2.1)` }
  if (outcome === 'refuses-version' && !headers.has('sec-websocket-version')) {
    return wrong(`its ${status} has no Sec-WebSocket-Version (§4.2.2)`)
  }
  return GOOD
}

function notSwitched(response: ResponseHead | null, connection: RawConnection): string {
  if (response !== null) return `it refused with status ${response.status}`
  return connection.end === 'open'
    ? 'it did not answer the request'
    : 'it dropped the connection without a response'
}

function open(why: string): Finding {
  return { kind: 'open', why }
}

function wrong(why: string): Finding {
  return { kind: 'wrong', why }
}

function broken(why: string): Finding {
  return { kind: 'broken', why }
}
