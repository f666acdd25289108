/**
 * The command line in memory: its streams, signals and network belong to the test, and its time is
 * virtual.
 */

import { once } from 'node:events'
import { PassThrough, Transform } from 'node:stream'

import type { Application } from '../../src/application/index.ts'
import { createApplicationOn } from '../../src/application/internal.ts'
import type { VirtualClock } from '../../src/base/index.ts'
import { Deferred } from '../../src/base/internal.ts'
import type { ToolLoad } from '../../src/cli/bench/load-meter.ts'
import { run } from '../../src/cli/run.ts'
import type { World } from '../../src/cli/world.ts'
import { MemoryDialer } from '../../src/testing/memory-dialer.ts'
import { FaultControl, Network } from '../../src/testing/network-faults.ts'
import type { TestNetwork } from '../../src/testing/network-faults.ts'
import { createTestEnvironment, settled } from '../../src/testing/test-environment.ts'

/** The options that only clients on Node have. */
const NODE_OPTION_NAMES = ['tls', 'agent', 'socketPath', 'transport', 'http2']

/** A command that is running. */
export interface RunningCommand {
  readonly exitCode: Promise<number>
  /** Standard output and standard error so far. */
  readonly out: string
  readonly err: string
  /** Resolves with the match when one of the two outputs matches `pattern`. */
  until(pattern: RegExp): Promise<RegExpExecArray>
  /** Writes to standard input. */
  type(text: string | Uint8Array): Promise<void>
  /** Ends standard input. */
  endInput(): Promise<void>
  /** Standard input fails. */
  failInput(error: Error): void
  /** Standard output fails. */
  failOutput(error: Error): void
  interrupt(): Promise<void>
}

/** A world with one server in it. */
export class CommandLine {
  readonly clock: VirtualClock
  readonly application: Application
  readonly network: TestNetwork
  /** How busy the tool is. */
  load: ToolLoad = { busy: 0, delay: 0 }
  readonly #platform: World['platform']
  readonly #over = new AbortController()
  readonly #opened = new Deferred<void>()

  /**
   * @param module sets the server up.
   * @param platform replaces the network in memory.
   */
  constructor(module?: (app: Application) => void, platform?: World['platform']) {
    const environment = createTestEnvironment(1)
    const network = new Network(environment)
    this.clock = environment.clock
    this.network = new FaultControl(network, environment)
    this.application = createApplicationOn(environment.clock, module, {
      logger: { debug() {}, info() {}, warn() {}, error() {} },
    })
    for (const event of ['sessionOpened', 'upgradeRefused'] as const) {
      this.application.monitor.on(event, () => this.#opened.resolve())
    }
    let port = 50_000
    this.#platform = platform ?? {
      environment: () => environment,
      optionNames: NODE_OPTION_NAMES,
      dialer: () =>
        new MemoryDialer({
          application: this.application,
          environment,
          network,
          over: this.#over.signal,
          nextPort: () => port++,
        }),
    }
  }

  /** Runs a command, on a terminal if `isTTY`. Standard output fails with `outputError`. */
  start(
    args: readonly string[],
    { isTTY = false, outputError }: { isTTY?: boolean; outputError?: Error | undefined } = {},
  ): RunningCommand {
    const stdin = Object.assign(new PassThrough(), { isTTY })
    const output =
      outputError === undefined
        ? new PassThrough()
        : new Transform({ transform: (_chunk, _encoding, done) => done(outputError) })
    // The program has such a listener too.
    output.on('error', () => {})
    const stdout = Object.assign(output, { isTTY, columns: 80 })
    const stderr = new PassThrough()
    const interrupts = new Set<() => void>()
    const texts = { out: '', err: '' }
    stdout.setEncoding('utf8').on('data', (text: string) => (texts.out += text))
    stderr.setEncoding('utf8').on('data', (text: string) => (texts.err += text))
    const exitCode = run(args, {
      stdin,
      stdout,
      stderr,
      clock: this.clock,
      platform: this.#platform,
      startLoadMeter: () => ({ stop: () => this.load }),
      variables: { TOWPATH_HISTORY: '/dev/null/none' },
      onInterrupt(listener) {
        interrupts.add(listener)
        return { [Symbol.dispose]: () => void interrupts.delete(listener) }
      },
    })
    return {
      exitCode,
      get out() {
        return texts.out
      },
      get err() {
        return texts.err
      },
      until: async (pattern) => {
        for (;;) {
          const match = pattern.exec(texts.err) ?? pattern.exec(texts.out)
          if (match !== null) return match
          await Promise.race([once(stdout, 'data'), once(stderr, 'data')])
        }
      },
      type: async (text) => {
        stdin.write(text)
        await settled()
        await settled()
      },
      endInput: async () => {
        stdin.end()
        await settled()
      },
      failInput: (error) => void stdin.destroy(error),
      failOutput: (error) => void stdout.emit('error', error),
      interrupt: async () => {
        for (const listener of interrupts) listener()
        await settled()
      },
    }
  }

  /** Runs a command whose input is `input` and then ends, and lets `ms` pass. */
  async run(
    args: readonly string[],
    {
      input = '',
      ms = 0,
      outputError,
    }: {
      readonly input?: string | Uint8Array
      readonly ms?: number
      readonly outputError?: Error
    } = {},
  ): Promise<{ readonly exitCode: number; readonly out: string; readonly err: string }> {
    const command = this.start(args, { outputError })
    if (input.length > 0) await command.type(input)
    await command.endInput()
    for (let turn = 0; turn < 8; turn++) await settled()
    if (ms > 0) await this.clock.advance(ms)
    const exitCode = await command.exitCode
    return { exitCode, out: command.out, err: command.err }
  }

  /** Resolves when the server has had a connection. */
  opened(): Promise<void> {
    return this.#opened.promise
  }

  /** Lets everything that takes no time happen. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 8; turn++) await settled()
  }
}
