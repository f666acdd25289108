/**
 * `towpath listen`: a server to test a client with.
 */

import {
  type DefaultWebSocketServerSession,
  type Logger,
  WebSockets,
} from '../../application/index.ts'
import { Deferred } from '../../base/internal.ts'
import { type EmbeddedServer, embeddedServer } from '../../engines/node/index.ts'
import { permessageDeflate } from '../../extensions/index.ts'
import { Frame } from '../../protocol/index.ts'
import type { Command } from '../command.ts'
import { CommandLimits } from '../command-limits.ts'
import { formatMessage } from '../connect/message-format.ts'
import { CommandEnd, ExitCode, UsageError } from '../exit-code.ts'
import { Outlet } from '../outlet.ts'
import { printable } from '../printable.ts'
import { type ConversationEnd, endOfSession } from '../session-end.ts'
import type { World } from '../world.ts'
import { LISTEN_SPEC, type ListenSettings, readListenSettings } from './listen-options.ts'
import { Recorder } from './recorder.ts'

/** How long clients may take to answer the Close frame at the end, in milliseconds. */
const CLOSE_TIMEOUT_MS = 1000

/** The command. */
export const listenCommand: Command = {
  spec: LISTEN_SPEC,
  async run(args, world) {
    const settings = readListenSettings(args)
    using limits = new CommandLimits(world, settings.timeout)
    using outlet = new Outlet(world.stdout, limits)
    using recorder =
      settings.recordFile === null ? null : new Recorder(settings.recordFile, world.clock)
    return await new Listener({ settings, world, limits, outlet, recorder }).run()
  },
}

interface ListenerParts {
  readonly settings: ListenSettings
  readonly world: World
  readonly limits: CommandLimits
  readonly outlet: Outlet
  readonly recorder: Recorder | null
}

/** One run of the command. */
class Listener {
  readonly #parts: ListenerParts
  /** Settles with the first reason to stop. */
  readonly #ended = new Deferred<ConversationEnd | null>()
  #connections = 0

  constructor(parts: ListenerParts) {
    this.#parts = parts
  }

  /** @throws (by rejecting) {ListenError}; {CommandEnd} for any end but the expected one. */
  async run(): Promise<number> {
    const { limits, settings } = this.#parts
    const stopped = (): void => void this.#ended.resolve(null)
    limits.signal.addEventListener('abort', stopped)
    const server = await this.#createServer().start()
    this.#note(`listening on ${urlOf(server, settings)}`)
    if (limits.end !== null) stopped()
    const end = await this.#ended.promise
    await server.stop({ grace: 0, timeout: CLOSE_TIMEOUT_MS })

    const { expectations } = settings
    if (expectations.isMet) return ExitCode.OK
    if (limits.end !== null) throw limits.end
    if (end !== null && end.exitCode !== ExitCode.OK) {
      throw new CommandEnd(end.exitCode, `Connection ${end.line}`)
    }
    if (!expectations.isAny) return ExitCode.OK
    throw new CommandEnd(ExitCode.FAILED, expectations.missing ?? '')
  }

  #createServer(): EmbeddedServer {
    const { settings } = this.#parts
    const { host, port, socketPath, tls } = settings
    const place = socketPath === null ? { host, port } : { socketPath }
    const logger: Logger = {
      debug() {},
      info() {},
      warn: (_facts, message) => this.#note(printable(message)),
      error: (_facts, message) => this.#note(printable(message)),
    }
    const options = { ...place, signals: false, logger, ...(tls === null ? {} : { tls }) }
    return embeddedServer(options, (app) => {
      app.install(WebSockets, {
        // Pages of any origin may be tested. By default, it listens on loopback.
        origins: 'any',
        maxMessageSize: settings.maxMessageBytes,
        closeTimeout: CLOSE_TIMEOUT_MS,
        extensions: settings.deflates ? [permessageDeflate()] : [],
      })
      app.monitor.on('upgradeRefused', ({ status }) => this.#note(`refused with ${status}`))
      app.routing((route) => {
        for (const path of ['/', '/**:path']) {
          route.webSocket(path, { protocols: settings.protocols }, (session) =>
            this.#serve(session),
          )
        }
      })
    })
  }

  async #serve(session: DefaultWebSocketServerSession): Promise<void> {
    const { settings } = this.#parts
    const number = ++this.#connections
    const { request } = session.call
    const protocol = session.protocol === null ? '' : ` (protocol ${printable(session.protocol)})`
    this.#note(
      `#${number} connected from ${request.origin.remoteHost}: ${printable(request.path)}${protocol}`,
    )
    void session.closed.then((info) => {
      const end = endOfSession(info, 'client')
      this.#note(`#${number} ${end.line}`)
      if (settings.isOnce) this.#ended.resolve(end)
    })
    for (const instruction of settings.greeting) {
      if (instruction.type === 'close') return session.close(instruction.reason)
      if (instruction.type === 'ping') await session.send(new Frame.Ping(instruction.payload))
      else for (const frame of instruction.frames) await session.send(frame)
    }
    for await (const frame of session.incoming) {
      await this.#show(number, frame)
      if (settings.echoes) await session.send(frame)
    }
  }

  async #show(number: number, frame: Frame): Promise<void> {
    const { outlet, settings, world } = this.#parts
    const { expectations, format } = settings
    if (expectations.isMet) return
    const isTerminal = world.stdout.isTTY === true
    const output = formatMessage(frame, format, isTerminal)
    const isPlain = format === 'base64' || typeof output !== 'string'
    await outlet.write(isPlain ? output : `#${number} ${output}`)
    this.#record(number, frame)
    expectations.take(frame instanceof Frame.Text ? frame.readText() : frame.buffer)
    if (expectations.isMet) this.#ended.resolve(null)
  }

  #record(number: number, frame: Frame): void {
    const { limits, recorder } = this.#parts
    try {
      recorder?.write(number, frame)
    } catch (error) {
      if (!(error instanceof UsageError)) throw error
      limits.stop(ExitCode.USAGE, error.message)
    }
  }

  #note(line: string): void {
    this.#parts.world.stderr.write(`* ${line}\n`)
  }
}

function urlOf({ address }: EmbeddedServer, { tls }: ListenSettings): string {
  const scheme = tls === null ? 'ws' : 'wss'
  if (address.socketPath !== undefined) return `${scheme}+unix:${printable(address.socketPath)}`
  const host = address.host.includes(':') ? `[${address.host}]` : address.host
  return `${scheme}://${host}:${address.port}/`
}
