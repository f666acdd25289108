/**
 * A dialogue over the topics of a Towpath server: subscribes, shows events, publishes.
 */

import { Deferred, isInstance } from '../../base/internal.ts'
import {
  connectTopicsOn,
  type LiveTopics,
  PublishRefusedError,
  PublishUncertainError,
  SubscriptionRefusedError,
  type TopicItem,
} from '../../topics/portable.ts'
import { CommandEnd, ExitCode, UsageError } from '../exit-code.ts'
import { printable } from '../printable.ts'
import { endOfConnection, reportStates } from './conversation.ts'
import type { DialogueParts } from './dialogue-parts.ts'
import { formatText } from './message-format.ts'
import { readPipedInput } from './piped-input.ts'
import { type Instruction, readLine, SCRIPT_HELP } from './script-line.ts'

/** One run of `connect --subscribe`. */
export class TopicsDialogue {
  readonly #parts: DialogueParts
  #failure: CommandEnd | UsageError | null = null

  constructor(parts: DialogueParts) {
    this.#parts = parts
  }

  /**
   * Runs to the end of the connection.
   *
   * @returns the exit code 0.
   * @throws (by rejecting) `CommandEnd` for any other end; `UsageError` for invalid input.
   */
  async run(): Promise<number> {
    const { limits, prompt, screen, settings, world } = this.#parts
    const live = this.#connect()
    void reportStates(live.connection, (line) => screen.note(line))
    const reading = settings.topics.map((name) => this.#show(live, name))
    const feeding = this.#feed(live)
    const closed = await live.connection.closed
    await live.close()
    prompt?.[Symbol.dispose]()
    world.stdin.destroy()
    await Promise.all([...reading, feeding])

    if (this.#failure !== null) throw this.#failure
    if (limits.end !== null) throw limits.end
    const { expectations } = settings
    const end = endOfConnection(closed)
    if (!expectations.isMet && end.exitCode !== ExitCode.OK) {
      throw new CommandEnd(end.exitCode, end.line)
    }
    if (!expectations.isAny || expectations.isMet) return ExitCode.OK
    throw new CommandEnd(ExitCode.FAILED, expectations.missing ?? '')
  }

  #connect(): LiveTopics {
    const { client, url, settings, world } = this.#parts
    const reconnect = settings.reconnects ? {} : { shouldReconnect: () => false }
    return connectTopicsOn(
      {
        connect: (protocols, opened) => client.connect(url, { protocols, opened, reconnect }),
        clock: world.clock,
      },
      { token: () => settings.token },
    )
  }

  /** Shows the events of one topic. Never rejects. */
  async #show(live: LiveTopics, name: string): Promise<void> {
    try {
      for await (const item of live.topic(name).events()) await this.#showItem(live, name, item)
    } catch (error) {
      // Anything else fails because the connection has ended, and `closed` says why.
      if (!isInstance(error, SubscriptionRefusedError)) return
      this.#fail(live, new CommandEnd(ExitCode.REFUSED, error.message))
    }
  }

  async #showItem(live: LiveTopics, topic: string, item: TopicItem): Promise<void> {
    const { screen, settings } = this.#parts
    const { expectations, format } = settings
    if (item.type !== 'event') {
      screen.note(`${printable(topic)}: ${describeItem(item)}`)
      return
    }
    if (expectations.isMet) return
    const { offset, at, key, event } = item
    const data = event instanceof Uint8Array ? Buffer.from(event).toString('base64') : event
    const line = JSON.stringify({ topic, offset, at, ...(key === null ? {} : { key }), data })
    await screen.message(`${formatText(line, format)}\n`)
    expectations.take({ value: event })
    if (expectations.isMet) await live.close()
  }

  async #feed(live: LiveTopics): Promise<void> {
    const { prompt, settings, world } = this.#parts
    try {
      for (const instruction of settings.script) await this.#perform(instruction, live)
      if (prompt !== null) await prompt.read((line) => this.#type(line, live))
      else {
        await readPipedInput(world.stdin, settings.input, async (frame) => {
          await this.#perform(readLine(new TextDecoder().decode(frame.buffer)), live)
        })
        await this.#waitForMore(live)
      }
      await live.close()
    } catch (error) {
      if (error instanceof UsageError) this.#fail(live, error)
      else if (isPublishError(error)) {
        this.#fail(live, new CommandEnd(ExitCode.FAILED, error.message))
      }
      // Anything else fails because the connection has ended, and `closed` says why.
    }
  }

  /** Without `--wait`, a subscription lasts until the connection ends. */
  async #waitForMore({ connection }: LiveTopics): Promise<void> {
    const { settings, world } = this.#parts
    if (settings.wait === null || settings.wait === 0) {
      await connection.closed
      return
    }
    const passed = new Deferred<void>()
    using _timer = world.clock.setTimer(settings.wait, () => passed.resolve())
    await Promise.race([passed.promise, connection.closed])
  }

  async #type(line: string, live: LiveTopics): Promise<void> {
    try {
      await this.#perform(readLine(line), live)
    } catch (error) {
      if (!(error instanceof Error)) throw error
      this.#parts.screen.note(printable(error.message))
    }
  }

  async #perform(instruction: Instruction, live: LiveTopics): Promise<void> {
    const { log, screen } = this.#parts
    switch (instruction.type) {
      case 'publish': {
        const { topic, event } = instruction
        const { offset } = await live.topic(topic).publish(event)
        screen.note(`published to ${printable(topic)}, offset ${offset ?? 'none'}`)
        return
      }
      case 'close':
        await live.close()
        return
      case 'stats':
        for (const line of log.lines) screen.note(line)
        return
      case 'help':
        for (const line of SCRIPT_HELP) screen.note(line)
        return
      case 'send':
      case 'ping':
        throw new UsageError('Cannot send a message to topics, expected /publish TOPIC JSON')
      case 'nothing':
    }
  }

  #fail(live: LiveTopics, failure: CommandEnd | UsageError): void {
    this.#failure ??= failure
    void live.close()
  }
}

function isPublishError(error: unknown): error is Error {
  return isInstance(error, PublishRefusedError) || isInstance(error, PublishUncertainError)
}

function describeItem(item: Exclude<TopicItem, { readonly type: 'event' }>): string {
  if (item.type === 'live') return 'all stored events have come'
  if (item.type === 'skipped') return `${item.count ?? 'some'} events were replaced by newer ones`
  return `${item.missed ?? 'some'} events are missing (${item.reason})`
}
