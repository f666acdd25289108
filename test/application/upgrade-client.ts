/**
 * A minimal engine: it passes requests in literal form to an application, and starts the resulting
 * sessions on memory.
 */

import { expect } from 'vitest'

import type { Application, ApplicationEvents } from '../../src/application/application.ts'
import { createApplication } from '../../src/application/create-application.ts'
import type {
  UpgradeOutcome,
  UpgradeRefused,
  UpgradeRequest,
} from '../../src/application/engine.ts'
import type { Logger } from '../../src/application/logger.ts'
import {
  WebSockets,
  type WebSocketsOptions,
} from '../../src/application/sessions/websockets-plugin.ts'
import type { Peer } from '../support/peer.ts'
import { memoryEnvironment, memoryPeer } from '../support/memory-world.ts'

/** What a test changes of a request that is right. `undefined` leaves a header out. */
export interface RequestChanges extends Partial<Omit<UpgradeRequest, 'rawHeaders' | 'target'>> {
  readonly headers?: Readonly<Record<string, string | undefined>>
  /** More headers behind, for duplicates. */
  readonly extraHeaders?: readonly string[]
}

/** Returns a valid upgrade request with the changes of a test. The key is that of RFC 6455 §1.3. */
export function upgradeRequest(target: string, changes: RequestChanges = {}): UpgradeRequest {
  const { headers = {}, extraHeaders = [], ...rest } = changes
  const all: Record<string, string | undefined> = {
    Host: 'server.example.com',
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Version': '13',
    ...headers,
  }
  const rawHeaders = Object.entries(all).flatMap(([name, value]) =>
    value === undefined ? [] : [name, value],
  )
  return {
    method: 'GET',
    target,
    httpVersion: '1.1',
    rawHeaders: [...rawHeaders, ...extraHeaders],
    hasBody: false,
    local: { host: '192.0.2.1', port: 8080 },
    remote: { host: '198.51.100.7', port: 50_000 },
    encrypted: false,
    ...rest,
  }
}

/** An application in memory, with what it logged and a client for it. */
export class World {
  readonly environment: ReturnType<typeof memoryEnvironment> = memoryEnvironment()
  /** What was logged as an error: the message, then the error. */
  readonly logged: Array<readonly [message: string, error: unknown]> = []
  readonly app: Application

  constructor() {
    const logger: Logger = {
      debug: () => {},
      info: () => {},
      warn: () => {},
      error: (facts, message) => this.logged.push([message, Reflect.get(facts, 'err')]),
    }
    this.app = createApplication(undefined, { logger })
  }

  /** Installs `WebSockets`. */
  install(options: WebSocketsOptions = {}): this {
    this.app.install(WebSockets, options)
    return this
  }

  async upgrade(
    target: string,
    changes: RequestChanges = {},
    signal: AbortSignal = new AbortController().signal,
  ): Promise<UpgradeOutcome> {
    return await this.app.upgrade(upgradeRequest(target, changes), this.environment, signal)
  }

  /** The answer to an upgrade that is expected to be refused. */
  async refused(target: string, changes: RequestChanges = {}): Promise<UpgradeRefused> {
    const outcome = await this.upgrade(target, changes)
    if (outcome.type !== 'refused') throw new Error(`expected a refusal, got ${outcome.type}`)
    return outcome
  }

  /** The headers of the 101 of an upgrade that is expected to succeed; the session is not begun. */
  async accepted(target: string, changes: RequestChanges = {}): Promise<Headers> {
    const outcome = await this.upgrade(target, changes)
    if (outcome.type !== 'accepted')
      throw new Error(`expected a 101, got ${describeOutcome(outcome)}`)
    return new Headers(outcome.headers.map(([name, value]): [string, string] => [name, value]))
  }

  /** Upgrades, and begins the session. */
  async connect(target: string, changes: RequestChanges = {}): Promise<Peer> {
    const outcome = await this.upgrade(target, changes)
    if (outcome.type !== 'accepted')
      throw new Error(`expected a 101, got ${describeOutcome(outcome)}`)
    const { peer, transport } = memoryPeer(this.environment)
    outcome.start(transport)
    return peer
  }
}

/** The body of a refusal, as text. */
export function sentenceOf(refusal: UpgradeRefused): string {
  return new TextDecoder().decode(refusal.body)
}

/** Makes sure that `outcome` is a refusal with `status` and a sentence that has `words`. */
export function expectRefusal(
  outcome: UpgradeOutcome,
  status: number,
  words: string | RegExp,
): void {
  expect(describeOutcome(outcome)).toMatch(new RegExp(`^${status} `))
  if (outcome.type === 'refused') expect(sentenceOf(outcome)).toMatch(words)
}

function describeOutcome(outcome: UpgradeOutcome): string {
  return outcome.type === 'refused' ? `${outcome.status} ${sentenceOf(outcome)}` : outcome.type
}

/** A handler that returns at once. */
export function handler(): void {}

/** An application with one WebSocket at `/chat`. */
export function chat(options: Parameters<World['install']>[0] = {}): World {
  const world = new World().install(options)
  world.app.routing((route) => route.webSocket('/chat', handler))
  return world
}

/** Keeps what the monitor says about refusals. */
export function refusalsOf(world: World): Array<ApplicationEvents['upgradeRefused']> {
  const refusals: Array<ApplicationEvents['upgradeRefused']> = []
  world.app.monitor.on('upgradeRefused', (refusal) => refusals.push(refusal))
  return refusals
}
