/**
 * Runs one case against a client that has connected.
 */

import type { Clock } from '../../../base/index.ts'
import type { ClientHandshakeCase } from '../cases/client-handshake.ts'
import type { Exchange, FrameCase } from '../check-case.ts'
import type { Finding } from '../check-result.ts'
import { conduct } from '../conduct.ts'
import { type Answer, judgeAnswer } from '../judge.ts'
import { GOODBYE, GOODBYE_HEX, hex, pieces, TEXT } from '../wire/frame-bytes.ts'
import type { RawConnection } from '../wire/raw-connection.ts'
import { type ClientRequest, deflateAnswer, responseBytes } from './client-request.ts'

/** A case against a client. */
export type ClientCase = FrameCase | ClientHandshakeCase

const PATIENCE_SHARES = 3
/** Large messages get so many times the time of a case. */
const LARGE_SHARES = 6

const HELLO: Exchange = {
  sends: [{ first: TEXT, payload: hex('48 65 6c 6c 6f') }, GOODBYE],
  gets: hex(`81 05 48 65 6c 6c 6f ${GOODBYE_HEX}`),
}

/** Runs a case. @param rest bytes behind the request. */
export async function runClientCase(
  connection: RawConnection,
  request: ClientRequest,
  each: ClientCase,
  clock: Clock,
  deadline: number,
  rest: Uint8Array,
): Promise<Finding> {
  const limit = each.family === 'limits' ? deadline * LARGE_SHARES : deadline
  using _timer = clock.setTimer(limit, () => connection.expire())
  const patience = Math.ceil(deadline / PATIENCE_SHARES)
  if (rest.length > 0) return broken('it sent bytes before the response (§4.1)')
  if (request.problem !== null) return broken(request.problem)
  return each.kind === 'frames'
    ? await runFrames(connection, request, each, patience)
    : await runHandshake(connection, request, each, patience)
}

async function runFrames(
  connection: RawConnection,
  request: ClientRequest,
  each: FrameCase,
  patience: number,
): Promise<Finding> {
  const [offer] = request.deflateOffers
  const isDeflated = each.offer !== undefined && offer !== undefined
  const answer = isDeflated ? deflateAnswer(offer) : null
  await connection.write(responseBytes(request, {}, answer))
  if (each.offer !== undefined && !isDeflated) return open('it does not offer compression')
  if (each.needsTakeover === true && answer?.includes('server_no_context_takeover') === true) {
    return open('it does not let the server refer to earlier messages')
  }
  const exchange = each.exchange()
  const how = { role: 'client', isSlow: each.isSlow ?? false, patience } as const
  const got = await conduct(connection, exchange, how)
  return judgeAnswer(exchange, got, isDeflated ? { windowBits: 15, hasTakeover: true } : null)
}

async function runHandshake(
  connection: RawConnection,
  request: ClientRequest,
  each: ClientHandshakeCase,
  patience: number,
): Promise<Finding> {
  if (each.needsDeflate === true && request.deflateOffers.length === 0) {
    return open('it does not offer compression')
  }
  const bytes = responseBytes(request, each.change)
  for (const piece of each.isSlow === true ? pieces(bytes, 1) : [bytes]) {
    await connection.write(piece)
    if (each.isSlow === true) await new Promise((resolve) => setImmediate(resolve))
  }
  const answer = await conduct(connection, HELLO, { role: 'client', isSlow: false, patience })
  return each.opens ? judgeAnswer(HELLO, answer, null) : judgeRefusal(each, answer)
}

/** A client that refuses a response sends nothing more, and closes the connection. */
function judgeRefusal(
  { mayStayOpen = false }: ClientHandshakeCase,
  { end, frames, problem }: Answer,
): Finding {
  const hasData = frames.some(({ first }) => (first & 0x0f) < 8)
  if (hasData) return { kind: 'wrong', why: 'it opened the session, and echoed' }
  if (end === 'open' && !mayStayOpen) {
    return { kind: 'wrong', why: 'it did not close the connection (§4.1, §7.1.7)' }
  }
  const hasSent = frames.length > 0 || problem !== null
  return hasSent
    ? { kind: 'loose', why: 'it sent a Close or other bytes after the response' }
    : { kind: 'good', why: '' }
}

function open(why: string): Finding {
  return { kind: 'open', why }
}

function broken(why: string): Finding {
  return { kind: 'broken', why }
}
