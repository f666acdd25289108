/**
 * The presence of topics, in this process and between processes.
 */

import {
  type Environment,
  requireFunction,
  requireKnownNames,
  requireObject,
  quoteName,
} from '../../base/internal.ts'
import { validateWith } from '../../schema/index.ts'
import type { WebSocketSession } from '../../session/index.ts'
import type { Broker } from '../broker.ts'
import { BrokerUnavailableError, PublishRefusedError } from '../errors.ts'
import type { AnyTopicKind } from '../kind/define-topic.ts'
import { KeyClaims } from './key-claims.ts'
import {
  CONTROL_CHANNEL,
  decodePresence,
  presenceChannelOf,
  topicOfPresence,
} from './presence-messages.ts'
import { PresenceNodes } from './presence-nodes.ts'
import type { PresenceParts } from './presence-parts.ts'
import type { JoinOptions, Presence } from './presence.ts'
import { TopicMembers } from './topic-members.ts'

/** How presences are set up. All times are in milliseconds. */
export interface PresenceSettings {
  readonly nodeId: string
  readonly graceMs: number
  readonly lingerMs: number
  readonly nodeTimeoutMs: number
  readonly maxMetaBytes: number
  /** Whether no other process can be on the broker. */
  readonly isAlone: boolean
}

/** What presences report to their owner. The functions must not throw. */
export interface PresencesOwner {
  /** A function that the application gave for a session has failed. */
  readonly failed: (error: unknown, session: WebSocketSession) => void
  /** Reserved keys could not be checked, for a reason that is not an outage of the broker. */
  readonly keysFailed: (error: unknown) => void
}

const MAX_KEY_BYTES = 255
const UTF8 = new TextEncoder()

/** The presences of one process, by the names of their topics. */
export class Presences {
  readonly #parts: PresenceParts
  /** Those with members or watches. */
  readonly #used = new Map<string, TopicMembers>()
  readonly #claims: KeyClaims
  #isUp = false

  constructor(
    broker: Broker,
    environment: Environment,
    settings: PresenceSettings,
    owner: PresencesOwner,
  ) {
    const { timers } = environment
    const nodes = new PresenceNodes(
      { ...settings, broker, environment },
      {
        seen: (node) => {
          for (const members of this.#used.values()) members.seen(node)
        },
        gone: (node) => {
          for (const members of this.#used.values()) members.nodeGone(node)
        },
        asked: (topic) => this.#answer(topic),
      },
    )
    const { isAlone, nodeId } = settings
    const isGone = (node: string): boolean => isAlone || nodes.isGone(node)
    const failed = owner.keysFailed
    this.#claims = new KeyClaims({ broker, environment, nodeId, isGone, failed })
    this.#parts = {
      ...settings,
      timers,
      nodes,
      isUp: () => this.#isUp,
      listen: (topic) => void listen(broker, presenceChannelOf(topic)),
      unlisten: (topic) => broker.unlisten(presenceChannelOf(topic)),
      failed: owner.failed,
    }
  }

  /** The broker can be used, or cannot any more. */
  brokerChanged(isUp: boolean): void {
    const wasUp = this.#isUp
    this.#isUp = isUp
    this.#parts.nodes.brokerChanged(isUp)
    if (!isUp || wasUp) return
    this.#claims.up()
    for (const members of this.#used.values()) members.seen(null)
  }

  /** A message on a channel that is not of events. */
  message(channel: string, bytes: Uint8Array): void {
    const { nodes } = this.#parts
    if (channel === CONTROL_CHANNEL) {
      nodes.message(bytes)
      return
    }
    const topic = topicOfPresence(channel)
    const members = topic === null ? undefined : this.#used.get(topic)
    const message = members === undefined ? null : decodePresence(bytes)
    if (message === null || message.node === nodes.id || !nodes.heard(message.node)) return
    members?.message(message)
  }

  /**
   * The presence of a topic. Having one costs nothing. @throws {TypeError} when the kind has none.
   */
  presenceOf(name: string, kind: AnyTopicKind): Presence {
    const { presence } = kind
    if (presence === null) {
      throw new TypeError(
        `Cannot use the presence of ${quoteName(name)}: its kind has none, expected option "presence"`,
      )
    }
    if (!this.#parts.isAlone) this.#parts.nodes.start()
    const used = (): TopicMembers => this.#use(name, kind)
    return {
      join: async (session, key, meta, options = {}) => {
        const { holder = null, lost } = readJoin(name, key, options)
        const valid = await this.#checkMeta(name, kind, meta)
        const claim = holder === null ? null : await this.#claims.claim(name, key, holder)
        const check = (next: unknown): void => this.#checkMetaNow(name, next)
        return used().join({ session, key, meta: valid, check, claim, lost })
      },
      list: () => used().list(),
      count: async () => (await used().list()).count,
      changes: ({ mode = 'full', signal } = {}) => used().watch(signal ?? null, mode === 'count'),
    }
  }

  /** The presences that have members or watches, and how many members are in this process. */
  get used(): Iterable<{ readonly kind: AnyTopicKind; readonly here: number }> {
    return this.#used.values()
  }

  /** Ends all watches and timers. */
  end(): void {
    for (const members of this.#used.values()) members.end()
    this.#used.clear()
    this.#claims.end()
    this.#parts.nodes.end()
  }

  #answer(topic: string): void {
    const members = this.#used.get(topic)
    const { nodes } = this.#parts
    if (members !== undefined) members.answer()
    else nodes.send(presenceChannelOf(topic), { ...NOTHING, node: nodes.id })
  }

  #use(name: string, kind: AnyTopicKind): TopicMembers {
    const used = this.#used.get(name)
    if (used !== undefined) return used
    const members: TopicMembers = new TopicMembers(name, kind, this.#parts, () => {
      // A call that still held these members may end after others have taken their place.
      if (this.#used.get(name) === members) this.#used.delete(name)
    })
    this.#used.set(name, members)
    return members
  }

  async #checkMeta(name: string, kind: AnyTopicKind, meta: unknown): Promise<unknown> {
    const schema = kind.presence?.meta ?? null
    const validated = schema === null ? null : await validateWith(schema, meta)
    if (validated !== null && validated.issues !== null) {
      throw new PublishRefusedError(name, 'schema')
    }
    const valid = validated === null ? meta : validated.value
    this.#checkMetaNow(name, valid)
    return valid
  }

  #checkMetaNow(name: string, meta: unknown): void {
    const json: unknown = JSON.stringify(meta)
    if (typeof json !== 'string') throw new PublishRefusedError(name, 'schema')
    if (UTF8.encode(json).length > this.#parts.maxMetaBytes) {
      throw new PublishRefusedError(name, 'size')
    }
  }
}

const NOTHING = { type: 'snapshot', version: 0, part: 0, isLast: true, members: [] } as const

async function listen(broker: Broker, channel: string): Promise<void> {
  try {
    await broker.listen(channel)
  } catch (error) {
    // The broker listens by itself when it is back.
    if (!(error instanceof BrokerUnavailableError)) throw error
  }
}

function readJoin(name: string, key: string, options: JoinOptions): JoinOptions {
  const act = `join ${quoteName(name)}`
  requireText(act, 'the key', key)
  requireObject(act, 'the options', options)
  requireKnownNames(act, options, ['holder', 'lost'])
  const { holder, lost } = options
  if (holder !== undefined) requireText(act, 'option "holder"', holder)
  if (lost !== undefined) requireFunction(act, 'option "lost"', lost)
  if (lost === undefined || holder !== undefined) return options
  throw new TypeError(
    `Cannot ${act}: option "lost" needs a key that is reserved, expected "holder"`,
  )
}

function requireText(act: string, name: string, value: string): void {
  const isText = typeof value === 'string' && value !== ''
  if (isText && UTF8.encode(value).length <= MAX_KEY_BYTES) return
  throw new TypeError(
    `Cannot ${act}: ${name} is invalid, expected 1 to ${MAX_KEY_BYTES} bytes of UTF-8`,
  )
}
