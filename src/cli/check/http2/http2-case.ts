/**
 * A case about WebSocket over HTTP/2 (RFC 8441): a request, what the server must do with it, and
 * what follows on its stream.
 */

import type { Described, Exchange, FrameCase, Grade } from '../check-case.ts'
import { type Finding, GOOD } from '../check-result.ts'
import { conduct } from '../conduct.ts'
import { judgeAnswer } from '../judge.ts'
import { offeredBy, runFrames } from '../run-case.ts'
import { agreementOf } from '../wire/deflate-agreement.ts'
import { GOODBYE, GOODBYE_HEX, hex, TEXT } from '../wire/frame-bytes.ts'
import { elementsOf, offeredProblem } from '../wire/http-head.ts'
import type { CheckTarget } from '../wire/open-connection.ts'
import type { WireFrame } from '../wire/wire-frame.ts'
import type { Http2Answer, Http2Connection } from './http2-connection.ts'
import { type Field, PROTOCOL_ERROR } from './http2-frames.ts'
import type { RequestForm } from './http2-wire.ts'

/** A case. */
export interface Http2Case extends Described {
  readonly kind: 'http2'
  readonly perform: (stage: Http2Stage) => Promise<Finding>
}

/** Any case over HTTP/2. */
export type Http2ServerCase = Http2Case | FrameCase

export const HELLO: WireFrame = { first: TEXT, payload: hex('48 65 6c 6c 6f') }
export const HELLO_HEX = '81 05 48 65 6c 6c 6f'
export const HELLO_EXCHANGE: Exchange = {
  sends: [HELLO, GOODBYE],
  gets: hex(`${HELLO_HEX} ${GOODBYE_HEX}`),
}

/** What a case works with: a new connection, whose SETTINGS have come. */
export class Http2Stage {
  readonly connection: Http2Connection
  readonly #target: CheckTarget
  readonly #patience: number

  constructor(connection: Http2Connection, target: CheckTarget, patience: number) {
    this.connection = connection
    this.#target = target
    this.#patience = patience
  }

  /** The header fields of a correct request. */
  get fields(): readonly Field[] {
    const { path, host, isSecure, lines } = this.#target.request
    return [
      [':method', 'CONNECT'],
      [':protocol', 'websocket'],
      [':scheme', isSecure ? 'https' : 'http'],
      [':path', path],
      [':authority', host],
      ['sec-websocket-version', '13'],
      ...lines.map((line): Field => {
        const colon = line.indexOf(':')
        return [line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()]
      }),
    ]
  }

  ask(form: Partial<RequestForm> = {}): Promise<Http2Answer> {
    return this.connection.ask({ fields: this.fields, ...form })
  }

  /** Judges an answer that must open a session, and what follows. */
  async converse(answer: Http2Answer, exchange: Exchange = HELLO_EXCHANGE): Promise<Finding> {
    const refusal = this.refusalOf(answer)
    if (refusal !== null) return refusal
    const how = { role: 'server', isSlow: false, patience: this.#patience } as const
    const got = await conduct(answer.connection, exchange, how, answer.rest)
    return judgeAnswer(exchange, got, null)
  }

  /** Runs a case about frames on a stream. */
  async frames(each: FrameCase): Promise<Finding> {
    const { offer } = each
    const answer = await this.#askWith(offer)
    const { response, connection, rest } = answer
    const refusal = this.refusalOf(answer, offeredBy(each))
    if (response === null || refusal !== null) {
      const why = refusal?.why ?? 'it did not answer'
      // An offer that a server does not take must be declined, but it may also refuse the request.
      const mayRefuse = offer !== undefined && response !== null && response.status >= 400
      return { kind: mayRefuse ? 'loose' : 'broken', why }
    }
    return runFrames(each, { response, connection, rest, patience: this.#patience })
  }

  /** Finds out whether the server compresses. */
  async deflates(): Promise<boolean> {
    const offer = 'permessage-deflate'
    const { response } = await this.#askWith(offer)
    return response !== null && response.status < 300 && agreementOf(offer, response) !== null
  }

  /** @param offer the extensions to offer; absent: none. */
  #askWith(offer: string | undefined): Promise<Http2Answer> {
    const offers: readonly Field[] =
      offer === undefined ? [] : [['sec-websocket-extensions', offer]]
    return this.ask({ fields: [...this.fields, ...offers] })
  }

  /**
   * Why an answer opens no session; `null`: it opens one.
   *
   * @param offered the names of the extensions that were offered.
   */
  refusalOf(answer: Http2Answer, offered: readonly string[] = []): Finding | null {
    const { response } = answer
    if (response === null) return { kind: 'wrong', why: this.#silence(answer) }
    const { status } = response
    if (status < 200 || status > 299) return wrong(`it refused with status ${status}`)
    const problem = offeredProblem(response, offered, this.#target.protocols)
    return problem === null ? null : { kind: 'broken', why: problem }
  }

  /** Judges the answer to a request that must not open a session. */
  refused(answer: Http2Answer): Finding {
    const { response } = answer
    if (response === null) return this.#reset(answer)
    const { status } = response
    if (status >= 400) return GOOD
    if (status >= 200 && status <= 299) return wrong('it opened the stream')
    return { kind: 'loose', why: `it answered with status ${status}` }
  }

  /** The same for another version: the answer has the versions of the server (§4.2.2). */
  refusedVersion(answer: Http2Answer): Finding {
    const { response } = answer
    const finding = this.refused(answer)
    if (finding.kind !== 'good') return finding
    if (response !== null && elementsOf(response, 'sec-websocket-version').length > 0) return GOOD
    return wrong('its refusal has no Sec-WebSocket-Version (RFC 6455 §4.2.2)')
  }

  #reset(answer: Http2Answer): Finding {
    const { reset } = this.connection.factsOf(answer)
    if (reset === PROTOCOL_ERROR) return GOOD
    if (reset !== null) {
      return { kind: 'loose', why: `it reset the stream with the code ${reset}, expected 1` }
    }
    const { wire, isOver } = this.connection
    if (wire.isGoingAway || isOver) return { kind: 'loose', why: 'it ended the connection' }
    return wrong('it neither answered nor reset the stream')
  }

  #silence(answer: Http2Answer): string {
    const { isMalformed, reset } = this.connection.factsOf(answer)
    if (isMalformed) return 'its answer is malformed (RFC 9113 §8.1.1)'
    if (reset !== null) return `it reset the stream with the code ${reset}`
    const { wire, isOver } = this.connection
    return wire.isGoingAway || isOver ? 'it ended the connection' : 'it did not answer'
  }
}

/** Returns a function that defines cases of one rule. */
export function http2Rule(
  section: string,
  grade: Grade,
): (name: string, perform: Http2Case['perform']) => Http2Case {
  return (name, perform) => ({ kind: 'http2', family: 'http2', name, section, grade, perform })
}

export function wrong(why: string): Finding {
  return { kind: 'wrong', why }
}
