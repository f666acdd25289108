/**
 * `towpath probe`: measures a server and what stands in front of it.
 */

import { Deferred } from '../../base/internal.ts'
import type { WebSocketClientSession } from '../../client/index.ts'
import { createClient } from '../../client/internal.ts'
import { permessageDeflate } from '../../extensions/index.ts'
import { Frame } from '../../protocol/index.ts'
import type { Arguments } from '../arguments.ts'
import type { Command } from '../command.ts'
import { CommandLimits } from '../command-limits.ts'
import { CommandEnd, ExitCode } from '../exit-code.ts'
import { Outlet } from '../outlet.ts'
import { printable, printableUrl } from '../printable.ts'
import { tappedPlatform } from '../wire/tapped-platform.ts'
import { readTargetOptions, readUrl } from '../wire/target-options.ts'
import type { World } from '../world.ts'
import { PingTimes } from './ping-times.ts'
import { PROBE_SPEC, type ProbeSettings, readProbeSettings } from './probe-options.ts'
import {
  type IdleResult,
  type LargestMessage,
  linesOf,
  pingPeriodFor,
  type ProbeReport,
} from './probe-report.ts'
import { StepTimes } from './step-times.ts'

const CLOSE_TIMEOUT_MS = 3000
const FIRST_SIZE_BYTES = 1024

/** What a server may send: the default of `connect`, or an echo of the largest message. */
const MAX_MESSAGE_BYTES = 2 ** 26
const NORMAL_CODE = 1000

/** The command. */
export const probeCommand: Command = {
  spec: PROBE_SPEC,
  async run(args, world) {
    const settings = readProbeSettings(args)
    using limits = new CommandLimits(world, settings.timeout)
    using outlet = new Outlet(world.stdout, limits)
    const probe = new Probe(args, settings, world, limits)
    try {
      const report = await probe.run((part) =>
        settings.isJson ? Promise.resolve() : outlet.write(textOf(linesOf(part))),
      )
      if (limits.end !== null) throw limits.end
      if (settings.isJson) await outlet.line(JSON.stringify(report, null, 2))
      limits.throwIfFailed()
      return exitCodeOf(report)
    } catch (error) {
      throw limits.end ?? error
    }
  },
}

function textOf(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('')
}

/** @throws {CommandEnd} if the server did not do what every server does. */
function exitCodeOf({ close, idle, pings }: ProbeReport): number {
  if (idle !== null && idle.outcome !== 'alive') {
    throw new CommandEnd(ExitCode.FAILED, 'The connection did not survive the silence of --idle')
  }
  if (close.code !== NORMAL_CODE) {
    throw new CommandEnd(ExitCode.CLOSED_OTHERWISE, `The connection ended with ${close.code}`)
  }
  if (pings.includes(null)) throw new CommandEnd(ExitCode.FAILED, 'A ping had no pong')
  if (close.clean) return ExitCode.OK
  throw new CommandEnd(ExitCode.CLOSED_OTHERWISE, 'The server did not answer the Close frame')
}

/** Shows a part of the report as soon as it is known. */
type Show = (part: Partial<ProbeReport>) => Promise<void>

class Probe {
  readonly #settings: ProbeSettings
  readonly #world: World
  readonly #url: string
  readonly #steps: StepTimes
  readonly #pings: PingTimes
  readonly #open: () => Promise<WebSocketClientSession>

  constructor(args: Arguments, settings: ProbeSettings, world: World, limits: CommandLimits) {
    this.#settings = settings
    this.#world = world
    this.#steps = new StepTimes(world.clock)
    this.#pings = new PingTimes(world.clock)
    this.#url = readUrl(args.operands[0] ?? '')
    const { dialing, entered, answered } = this.#steps
    const listener = { dialing, entered, answered, frame: this.#pings.frame }
    const client = createClient(tappedPlatform(world.platform, listener), {
      ...readTargetOptions(args, this.#url),
      extensions: [permessageDeflate()],
      // The test of the other transport would count as a part of the first step.
      transport: 'stream',
      closeTimeout: CLOSE_TIMEOUT_MS,
      maxMessageSize: Math.max(MAX_MESSAGE_BYTES, settings.largest ?? 0),
      signal: limits.signal,
    })
    this.#open = () => client.openWebSocket(this.#url)
  }

  /** @throws (by rejecting) the errors of opening a connection; the reason of the limits. */
  async run(show: Show): Promise<ProbeReport> {
    const session = await this.#open()
    const { headers } = session.response
    const opened = {
      url: printableUrl(session.url),
      steps: this.#steps.times,
      status: session.response.status,
      protocol: session.protocol === null ? null : printable(session.protocol),
      extensions: printableOrNull(headers.get('sec-websocket-extensions')),
      server: printableOrNull(headers.get('server')),
    }
    await show(opened)
    drain(session)
    const pings: (number | null)[] = []
    while (pings.length < this.#settings.pings) pings.push(await this.#pings.measure(session))
    await show({ pings })
    const close = await this.#close(session)
    await show({ close })
    const largest = await this.#findLargest()
    await show({ largest })
    const idle = await this.#stayIdle()
    await show({ idle })
    return { ...opened, pings, close, largest, idle }
  }

  async #close(session: WebSocketClientSession): Promise<ProbeReport['close']> {
    const since = this.#world.clock.now()
    await session.close()
    const { clean, reason } = await session.closed
    return { code: reason.code, clean, ms: this.#world.clock.now() - since }
  }

  /** Doubles the size, on one connection, until the server closes it. */
  async #findLargest(): Promise<LargestMessage | null> {
    const { largest } = this.#settings
    if (largest === null) return null
    const session = await this.#open()
    drain(session)
    let accepted = 0
    while (accepted < largest) {
      const bytes = Math.min(accepted === 0 ? FIRST_SIZE_BYTES : accepted * 2, largest)
      void session.send(new Frame.Binary(new Uint8Array(bytes))).catch(() => {
        // The server has closed, which the ping finds.
      })
      if ((await this.#pings.measure(session)) === null) {
        session.terminate()
        const { reason } = await session.closed
        return { accepted, refused: { bytes, code: reason.code } }
      }
      accepted = bytes
    }
    await this.#close(session)
    return { accepted, refused: null }
  }

  /** Sends nothing, and sees whether the connection is still there at the end. */
  async #stayIdle(): Promise<IdleResult | null> {
    const { idle } = this.#settings
    if (idle === null) return null
    const { clock } = this.#world
    const session = await this.#open()
    drain(session)
    const since = clock.now()
    const passed = new Deferred<void>()
    using _timer = clock.setTimer(idle, () => passed.resolve())
    await Promise.race([passed.promise, session.closed])
    const ms = clock.now() - since
    if (session.signal.aborted) {
      const { reason } = await session.closed
      return { ms, outcome: 'closed', code: reason.code, pingPeriod: pingPeriodFor(ms) }
    }
    const isAlive = (await this.#pings.measure(session)) !== null
    if (isAlive) await this.#close(session)
    else session.terminate()
    return isAlive
      ? { ms, outcome: 'alive', code: null, pingPeriod: null }
      : { ms, outcome: 'dead', code: null, pingPeriod: pingPeriodFor(ms) }
  }
}

function printableOrNull(text: string | null): string | null {
  return text === null ? null : printable(text)
}

/** What the server sends by itself must not hold reading up. */
function drain({ incoming }: WebSocketClientSession): void {
  void incoming
    .consumeEach(() => {})
    .catch(() => {
      // The session has ended, which its owner learns from `closed`.
    })
}
