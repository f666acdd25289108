/**
 * Runs all cases against a server, several at a time, and stops when the server has gone.
 */

import type { Clock } from '../../base/index.ts'
import { CommandEnd, ExitCode } from '../exit-code.ts'
import type { CheckCase, Described, Exchange } from './check-case.ts'
import { type CaseResult, verdictOf } from './check-result.ts'
import { conduct } from './conduct.ts'
import { type CaseOutcome, CaseRunner, type ServerFacts } from './run-case.ts'
import { agreementOf } from './wire/deflate-agreement.ts'
import { contentOf } from './wire/answer-messages.ts'
import { BINARY, GOODBYE, GOODBYE_HEX, hex, TEXT, utf8 } from './wire/frame-bytes.ts'
import { type CheckTarget, openConnection, shakeHands } from './wire/open-connection.ts'

/** So many cases in a row without an answer: the server has gone. */
const MAX_SILENT = 20
const MAX_UNREACHABLE = 3

/** How cases are run. */
export interface RunSettings<Case extends Described = CheckCase> {
  readonly cases: readonly Case[]
  /** The time of one case, in milliseconds. */
  readonly deadline: number
  /** How many run at a time. */
  readonly concurrency: number
}

/** What a run has found. */
export interface RunOutcome {
  readonly results: readonly CaseResult[]
  /** Why not all cases have run; `null`: they have. */
  readonly stopped: CommandEnd | null
}

/**
 * Finds out whether a server can be checked.
 *
 * @throws {ConnectError} (by rejecting) if there is no connection.
 * @throws {CommandEnd} (by rejecting) if the server refuses, or does not echo.
 */
export async function examine(
  target: CheckTarget,
  clock: Clock,
  deadline: number,
  signal: AbortSignal,
): Promise<ServerFacts> {
  const offer = 'permessage-deflate'
  const add = [`Sec-WebSocket-Extensions: ${offer}`]
  const { response } = await examineOnce(target, clock, deadline, signal, add)
  const plain = await examineOnce(target, clock, deadline, signal, [])
  if (!plain.echoes) {
    throw new CommandEnd(
      ExitCode.FAILED,
      'Cannot check the server: it does not echo, expected a server that sends each message back unchanged',
    )
  }
  return { deflates: response !== null && agreementOf(offer, response) !== null }
}

const ECHO: Exchange = {
  sends: [
    { first: TEXT, payload: utf8('towpath check') },
    { first: BINARY, payload: hex('00 ff') },
    GOODBYE,
  ],
  gets: hex(`81 0d ${Buffer.from('towpath check').toString('hex')} 82 02 00 ff ${GOODBYE_HEX}`),
}

async function examineOnce(
  target: CheckTarget,
  clock: Clock,
  deadline: number,
  signal: AbortSignal,
  add: readonly string[],
): Promise<{
  readonly response: Parameters<typeof agreementOf>[1] | null
  readonly echoes: boolean
}> {
  const connection = await openConnection(target, clock, signal)
  using _timer = clock.setTimer(deadline, () => connection.expire())
  const stop = (): void => connection.destroy()
  signal.addEventListener('abort', stop)
  try {
    const { response, rest, isInvalid } = await shakeHands(
      connection,
      target.request,
      { add },
      false,
    )
    signal.throwIfAborted()
    if (add.length > 0) return { response, echoes: true }
    if (isInvalid) throw noHandshake('it answered with something that is not HTTP')
    if (response === null) {
      const isOpen = connection.end === 'open'
      throw noHandshake(
        isOpen ? `it did not answer within ${deadline} ms` : 'it dropped the connection',
      )
    }
    if (response.status !== 101) {
      const message = `Cannot check the server: it refused the upgrade with status ${response.status}`
      throw new CommandEnd(ExitCode.REFUSED, message)
    }
    const how = { role: 'server', isSlow: false, patience: deadline } as const
    const { frames } = await conduct(connection, ECHO, how, rest)
    signal.throwIfAborted()
    const { messages } = contentOf(frames, null)
    const [text, binary] = messages.map(({ isText, payload }) => {
      return `${isText ? 'text' : 'binary'} ${Buffer.from(payload).toString('latin1')}`
    })
    return { response, echoes: text === 'text towpath check' && binary === 'binary \0\u00ff' }
  } finally {
    signal.removeEventListener('abort', stop)
    connection.destroy()
  }
}

function noHandshake(why: string): CommandEnd {
  const message = `Cannot check the server: ${why} (step: handshake)`
  return new CommandEnd(ExitCode.NO_CONNECTION, message)
}

/** Runs the cases over HTTP/1.1. Results are in the order of the cases. */
export function runCases(
  target: CheckTarget,
  facts: ServerFacts,
  settings: RunSettings,
  clock: Clock,
  signal: AbortSignal,
): Promise<RunOutcome> {
  const runner = new CaseRunner(target, clock, settings.deadline)
  const runOne = (each: CheckCase): Promise<CaseOutcome> => runner.run(each, facts, signal)
  return runAll(runOne, settings, clock, signal)
}

/** Runs cases, each by `runOne`. Results are in the order of the cases. */
export async function runAll<Case extends Described>(
  runOne: (each: Case) => Promise<CaseOutcome>,
  settings: RunSettings<Case>,
  clock: Clock,
  signal: AbortSignal,
): Promise<RunOutcome> {
  const run = new Run(runOne, clock, signal)
  const isHeavy = ({ family }: Case): boolean => family === 'limits'
  const light = settings.cases.filter((each) => !isHeavy(each))
  await run.all(light, settings.concurrency)
  // Their messages have megabytes: one at a time bounds the memory.
  await run.all(settings.cases.filter(isHeavy), 1)
  return { results: run.results, stopped: run.stopped }
}

class Run<Case extends Described> {
  stopped: CommandEnd | null = null
  readonly #runOne: (each: Case) => Promise<CaseOutcome>
  readonly #clock: Clock
  readonly #signal: AbortSignal
  readonly #results: CaseResult[] = []
  #silent = 0
  #unreachable = 0

  constructor(runOne: (each: Case) => Promise<CaseOutcome>, clock: Clock, signal: AbortSignal) {
    this.#runOne = runOne
    this.#clock = clock
    this.#signal = signal
  }

  get results(): readonly CaseResult[] {
    return this.#results
  }

  async all(cases: readonly Case[], concurrency: number): Promise<void> {
    const results: CaseResult[] = []
    let next = 0
    const work = async (): Promise<void> => {
      for (;;) {
        const index = next++
        const each = cases[index]
        if (each === undefined || this.stopped !== null || this.#signal.aborted) return
        const result = await this.#run(each)
        if (result !== null) results[index] = result
      }
    }
    await Promise.all(Array.from({ length: concurrency }, work))
    // Cases that did not run leave holes.
    this.#results.push(...results.filter((each) => each !== undefined))
  }

  async #run(each: Case): Promise<CaseResult | null> {
    const since = this.#clock.now()
    let outcome: CaseOutcome
    try {
      outcome = await this.#runOne(each)
    } catch (error) {
      if (this.#signal.aborted) return null
      throw error
    }
    if (this.#signal.aborted) return null
    this.#watch(each, outcome)
    const { family, name, section, grade } = each
    const { finding } = outcome
    const verdict = verdictOf(finding, grade)
    const ms = this.#clock.now() - since
    return { family, name, section, grade, verdict, why: finding.why, ms }
  }

  /** A server that has gone would cost the time of a case for each case that is left. */
  #watch({ family, name }: Case, { contact }: CaseOutcome): void {
    this.#silent = contact === 'silent' ? this.#silent + 1 : 0
    this.#unreachable = contact === 'unreachable' ? this.#unreachable + 1 : 0
    if (this.stopped !== null) return
    const after = `since the case "${family}: ${name}" or one before`
    if (this.#unreachable >= MAX_UNREACHABLE) {
      const message = `Cannot go on: the server accepts no connections, ${after}`
      this.stopped = new CommandEnd(ExitCode.NO_CONNECTION, message)
    } else if (this.#silent >= MAX_SILENT) {
      const message = `Cannot go on: the server has stopped answering, ${after}`
      this.stopped = new CommandEnd(ExitCode.FAILED, message)
    }
  }
}
