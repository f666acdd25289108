/**
 * A dialogue: what the user types or pipes goes out, what the server sends is shown.
 */

import { Deferred } from '../../base/internal.ts'
import type { WebSocketClientSession } from '../../client/index.ts'
import { Frame } from '../../protocol/index.ts'
import { CommandEnd, ExitCode, UsageError } from '../exit-code.ts'
import { printable, printableUrl } from '../printable.ts'
import { type Conversation, openAgain, openOnce } from './conversation.ts'
import type { DialogueParts } from './dialogue-parts.ts'
import { formatMessage } from './message-format.ts'
import { readPipedInput } from './piped-input.ts'
import { type Instruction, readLine, SCRIPT_HELP } from './script-line.ts'

/** One run of `connect`. */
export class Dialogue {
  readonly #parts: DialogueParts
  /** The first error of the user's input. */
  #inputError: UsageError | null = null

  constructor(parts: DialogueParts) {
    this.#parts = parts
  }

  /**
   * Runs to the end of the connection.
   *
   * @returns the exit code 0.
   * @throws (by rejecting) the errors of opening; `CommandEnd` for any other end.
   */
  async run(): Promise<number> {
    const { limits, prompt, screen, settings, world } = this.#parts
    const conversation = await this.#open()
    const receiving = this.#receive(conversation)
    const feeding = this.#feed(conversation)
    const end = await conversation.ended
    prompt?.[Symbol.dispose]()
    world.stdin.destroy()
    await Promise.all([receiving, feeding])

    if (this.#inputError !== null) throw this.#inputError
    if (limits.end !== null) throw limits.end
    const { expectations } = settings
    if (!expectations.isMet && end.exitCode !== ExitCode.OK) {
      throw new CommandEnd(end.exitCode, `Connection ${end.line}`)
    }
    screen.note(end.line)
    if (!expectations.isAny || expectations.isMet) return ExitCode.OK
    throw new CommandEnd(ExitCode.FAILED, expectations.missing ?? '')
  }

  async #open(): Promise<Conversation> {
    const { client, url, settings, screen } = this.#parts
    if (settings.reconnects) {
      const opened = (session: WebSocketClientSession): void => this.#describe(session)
      return openAgain(client, url, { opened }, (line) => screen.note(line))
    }
    const conversation = await openOnce(client, url, {})
    this.#describe(await conversation.session())
    return conversation
  }

  #describe({ url, protocol, response }: WebSocketClientSession): void {
    const extensions = response.headers.get('sec-websocket-extensions')
    const facts = [
      ...(protocol === null ? [] : [`protocol ${printable(protocol)}`]),
      ...(extensions === null ? [] : [`extensions ${printable(extensions)}`]),
    ]
    const details = facts.length === 0 ? '' : ` (${facts.join(', ')})`
    this.#parts.screen.note(`connected to ${printableUrl(url)}${details}`)
  }

  async #receive({ incoming, close }: Conversation): Promise<void> {
    const { settings, screen, world } = this.#parts
    const { expectations, format } = settings
    const isTerminal = world.stdout.isTTY === true
    for await (const frame of incoming) {
      // Messages behind the last one that is wanted are dropped.
      if (expectations.isMet) continue
      await screen.message(formatMessage(frame, format, isTerminal))
      expectations.take(frame instanceof Frame.Text ? frame.readText() : frame.buffer)
      if (expectations.isMet) void close()
    }
  }

  /** Sends the input. Closes at its end, or when it is invalid. Never rejects. */
  async #feed(conversation: Conversation): Promise<void> {
    const { prompt, settings, world } = this.#parts
    try {
      for (const instruction of settings.script) await this.#perform(instruction, conversation)
      if (prompt !== null) await prompt.read((line) => this.#type(line, conversation))
      else {
        await readPipedInput(world.stdin, settings.input, async (frame) => {
          await (await conversation.session()).send(frame)
        })
        await this.#waitForMore(conversation)
      }
    } catch (error) {
      // Anything else fails because the connection has ended, and `ended` says why.
      if (error instanceof UsageError) this.#inputError = error
    }
    await conversation.close()
  }

  /** After the end of the input: waits for `--wait`, or for what is expected. */
  async #waitForMore({ ended }: Conversation): Promise<void> {
    const { settings, world } = this.#parts
    if (settings.wait === null) {
      await ended
      return
    }
    if (settings.wait === 0) return
    const passed = new Deferred<void>()
    using _timer = world.clock.setTimer(settings.wait, () => passed.resolve())
    await Promise.race([passed.promise, ended])
  }

  /** A mistake in a typed line is shown, and the session stays open. */
  async #type(line: string, conversation: Conversation): Promise<void> {
    try {
      await this.#perform(readLine(line), conversation)
    } catch (error) {
      if (!(error instanceof Error)) throw error
      this.#parts.screen.note(printable(error.message))
    }
  }

  async #perform(instruction: Instruction, conversation: Conversation): Promise<void> {
    const { log, screen } = this.#parts
    switch (instruction.type) {
      case 'send': {
        const session = await conversation.session()
        for (const frame of instruction.frames) await session.send(frame)
        return
      }
      case 'ping':
        await (await conversation.session()).send(new Frame.Ping(instruction.payload))
        return
      case 'close':
        await conversation.close(instruction.reason)
        return
      case 'publish':
        throw new UsageError('Cannot run /publish: there are no topics, expected --subscribe')
      case 'stats':
        for (const line of log.lines) screen.note(line)
        return
      case 'help':
        for (const line of SCRIPT_HELP) screen.note(line)
        break
      case 'nothing':
    }
  }
}
