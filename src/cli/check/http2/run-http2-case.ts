/**
 * Runs a case over HTTP/2 against a server, on a connection of its own.
 */

import type { Clock } from '../../../base/index.ts'
import { ConnectError } from '../../../client/index.ts'
import { CommandEnd, ExitCode } from '../../exit-code.ts'
import { printable } from '../../printable.ts'
import {
  type CaseOutcome,
  NO_COMPRESSION,
  patienceOf,
  type ServerFacts,
  timeOf,
} from '../run-case.ts'
import type { CheckTarget } from '../wire/open-connection.ts'
import { Http2Stage, type Http2ServerCase } from './http2-case.ts'
import { Http2Connection } from './http2-connection.ts'

/** Runs cases, each within its time. */
export class Http2CaseRunner {
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
  async run(
    each: Http2ServerCase,
    { deflates }: ServerFacts,
    signal: AbortSignal,
  ): Promise<CaseOutcome> {
    const isFrames = each.kind === 'frames'
    if (isFrames && each.offer !== undefined && !deflates) return NO_COMPRESSION
    try {
      return await this.#on(timeOf(each, this.#deadline), signal, async (stage) => {
        const { connection } = stage
        if (connection.wire.connectProtocol === null) {
          const why = connection.isOver ? 'it dropped the connection' : 'it sent no SETTINGS'
          return { finding: { kind: 'broken', why }, contact: 'silent' }
        }
        const finding = await (isFrames ? stage.frames(each) : each.perform(stage))
        return { finding, contact: connection.isSilent ? 'silent' : 'answered' }
      })
    } catch (error) {
      if (!(error instanceof ConnectError)) throw error
      const why = `there was no connection: ${printable(error.message)}`
      return { finding: { kind: 'broken', why }, contact: 'unreachable' }
    }
  }

  /**
   * Finds out whether the server can be checked.
   *
   * @throws {ConnectError} (by rejecting) if there is no connection.
   * @throws {CommandEnd} (by rejecting) if it takes no WebSockets over HTTP/2, or does not echo.
   */
  async examine(signal: AbortSignal): Promise<ServerFacts> {
    await this.#on(this.#deadline, signal, (stage) => examineOn(stage))
    const deflates = await this.#on(this.#deadline, signal, (stage) => stage.deflates())
    return { deflates }
  }

  /** @param ms the time for everything behind the connection. */
  async #on<T>(
    ms: number,
    signal: AbortSignal,
    use: (stage: Http2Stage) => Promise<T>,
  ): Promise<T> {
    const connection = await Http2Connection.open(this.#target, this.#clock, signal)
    using _timer = this.#clock.setTimer(ms, () => connection.expire())
    const stop = (): void => connection.destroy()
    signal.addEventListener('abort', stop)
    try {
      await connection.until(() => connection.wire.connectProtocol !== null)
      const result = await use(new Http2Stage(connection, this.#target, patienceOf(this.#deadline)))
      signal.throwIfAborted()
      return result
    } finally {
      signal.removeEventListener('abort', stop)
      connection.destroy()
    }
  }
}

/** @throws {CommandEnd} (by rejecting) if the server cannot be checked. */
async function examineOn(stage: Http2Stage): Promise<void> {
  const { connectProtocol } = stage.connection.wire
  if (connectProtocol === null) {
    throw end(ExitCode.NO_CONNECTION, 'it does not speak HTTP/2 (step: handshake)')
  }
  if (!connectProtocol.includes(1)) {
    const why = 'its SETTINGS do not allow extended CONNECT (RFC 8441 §3)'
    throw end(ExitCode.NO_CONNECTION, `${why} (step: handshake)`)
  }
  const answer = await stage.ask()
  const status = answer.response?.status ?? 0
  if (status >= 300) {
    throw end(ExitCode.REFUSED, `it refused the upgrade with status ${status}`)
  }
  const refusal = stage.refusalOf(answer)
  if (refusal !== null) throw end(ExitCode.NO_CONNECTION, `${refusal.why} (step: handshake)`)
  const { kind } = await stage.converse(answer)
  if (kind === 'good' || kind === 'loose' || kind === 'open') return
  const why = 'it does not echo, expected a server that sends each message back unchanged'
  throw end(ExitCode.FAILED, why)
}

function end(exitCode: ExitCode, why: string): CommandEnd {
  return new CommandEnd(exitCode, `Cannot check the server: ${why}`)
}
