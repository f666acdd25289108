/**
 * The clients of one test: how they are let in, and how they leave.
 */

import { requireKnownNames, requireObject } from '../base/internal.ts'
import type { Application, UpgradeAccepted, WebSocketServerSession } from '../application/index.ts'
import type { AgreedExtension } from '../extensions/internal.ts'
import type { MemoryLink } from '../engines/memory/internal.ts'
import { Frame } from '../protocol/index.ts'
import {
  DEFAULT_SETTINGS,
  DefaultSession,
  RawSession,
  type SessionObserver,
  type SessionSettings,
} from '../session/internal.ts'
import { BytePipe } from './byte-pipe.ts'
import {
  checkAnswer,
  CONNECT_OPTION_NAMES,
  type ConnectOptions,
  readTarget,
  upgradeRequest,
} from './connect-options.ts'
import { UpgradeRefusedError } from './errors.ts'
import type { Failures } from './failures.ts'
import { FaultControl, type Network } from './network-faults.ts'
import type { TestEnvironment } from './test-environment.ts'
import type { BytePeer, TestConnection, TestRawSession, TestSession } from './test-application.ts'
import { type TestResponse, toTestResponse } from './test-response.ts'

/** What came of a request to upgrade; `accepted` is `null` when it was refused. */
export interface Answer {
  readonly response: TestResponse
  readonly accepted: UpgradeAccepted | null
  readonly link: MemoryLink
  /** What was agreed on of the extensions that the test offered. */
  readonly extensions: readonly AgreedExtension[]
}

/** A client that shows every frame, and the session that the application has with it. */
export interface RawConversation {
  readonly client: TestRawSession
  readonly served: WebSocketServerSession
  /** The client sends what it has queued, and leaves without a Close frame. */
  readonly leave: () => void
}

const ACT = 'connect'
const FIRST_CLIENT_PORT = 50_000
const CLIENT_PORTS = 15_000

/** Lets clients in, and remembers those that are there. */
export class Clients {
  readonly #application: Application
  readonly #environment: TestEnvironment
  readonly #network: Network
  readonly #failures: Failures
  /** Fires when the test is over, for upgrades that are still being decided. */
  readonly #over = new AbortController()
  /** How each client that is there leaves; what that returns resolves when it is gone. */
  readonly #leaving = new Set<() => Promise<unknown>>()
  #count = 0

  constructor(
    application: Application,
    environment: TestEnvironment,
    network: Network,
    failures: Failures,
  ) {
    this.#application = application
    this.#environment = environment
    this.#network = network
    this.#failures = failures
  }

  /** See `TestApplication.connect`. */
  async connect(uri: string, options: ConnectOptions = {}): Promise<TestSession> {
    const answer = accepting(uri, await this.#request(uri, options))
    const leave = (): Promise<void> => session.run(() => {})
    const session = new DefaultSession(
      answer.link.client,
      this.#settings(answer),
      this.#environment,
      this.#observer(leave),
    )
    this.#begin(answer, session, leave)
    return asClient(session, this.#connection(answer))
  }

  /** See `TestApplication.connectRaw`. */
  async connectRaw(uri: string, options: ConnectOptions = {}): Promise<TestRawSession> {
    return this.converse(await this.#requestAccepted(uri, options)).client
  }

  /** See `TestApplication.connectBytes`. */
  async connectBytes(uri: string, options: ConnectOptions = {}): Promise<BytePeer> {
    const answer = await this.#requestAccepted(uri, options)
    const pipe = new BytePipe(answer.link.client)
    const leave = (): Promise<unknown> => {
      answer.link.client.abort()
      return pipe.closed
    }
    this.#leaving.add(leave)
    void pipe.closed.then(() => this.#leaving.delete(leave))
    answer.accepted.start(answer.link.server)
    return Object.assign(pipe, this.#connection(answer))
  }

  /** Begins the session of an accepted upgrade, with a client that shows every frame. */
  converse(answer: Answer & { readonly accepted: UpgradeAccepted }): RawConversation {
    let gone: Promise<void> | null = null
    const leave = (): Promise<void> => (gone ??= session.run(() => {}))
    const session = new RawSession(
      answer.link.client,
      this.#settings(answer),
      this.#environment,
      this.#observer(leave),
    )
    const served = this.#begin(answer, session, leave)
    const client = asClient(session, this.#connection(answer))
    return { client, served, leave: () => void leave() }
  }

  /** Asks the application for an upgrade, for a client that shows frames as they travel. */
  request(uri: string, options: ConnectOptions): Promise<Answer> {
    if (options.extensions === undefined) return this.#request(uri, options)
    throw new TypeError(
      'Cannot connect: option "extensions" is given, expected none for a client that shows frames as they travel',
    )
  }

  async #request(uri: string, options: ConnectOptions): Promise<Answer> {
    requireObject(ACT, 'what was given', options)
    requireKnownNames(ACT, options, CONNECT_OPTION_NAMES)
    const target = readTarget(uri)
    const port = FIRST_CLIENT_PORT + (this.#count++ % CLIENT_PORTS)
    const link = this.#network.link({
      clientAddress: { host: options.remoteHost ?? '127.0.0.1', port },
      serverAddress: { host: 'localhost', port: target.encrypted ? 443 : 80 },
      encrypted: target.encrypted,
    })
    const request = upgradeRequest(target, options, link.server, this.#environment.random)
    const outcome = await this.#application.upgrade(
      request,
      this.#environment,
      this.#patience(options.signal),
    )
    const accepted = outcome.type === 'accepted' ? outcome : null
    if (accepted === null) options.signal?.throwIfAborted()
    const extensions = accepted === null ? [] : checkAnswer(request, accepted, options.extensions)
    return { response: toTestResponse(outcome), accepted, link, extensions }
  }

  /** All clients leave, politely if they know how to. Resolves when they are gone; never rejects. */
  async end(): Promise<void> {
    this.#over.abort()
    await Promise.all([...this.#leaving].map((leave) => leave()))
  }

  async #requestAccepted(
    uri: string,
    options: ConnectOptions,
  ): Promise<Answer & { readonly accepted: UpgradeAccepted }> {
    return accepting(uri, await this.request(uri, options))
  }

  #patience(signal: AbortSignal | undefined): AbortSignal {
    return signal === undefined ? this.#over.signal : AbortSignal.any([signal, this.#over.signal])
  }

  /** Both ends begin, the server first. @returns the server's session. */
  #begin(
    { accepted, link }: Answer & { readonly accepted: UpgradeAccepted },
    client: DefaultSession | RawSession,
    leave: () => Promise<void>,
  ): WebSocketServerSession {
    this.#leaving.add(leave)
    let served: WebSocketServerSession | null = null
    const listener = this.#application.monitor.on('sessionOpened', ({ session }) => {
      served ??= session
    })
    accepted.start(link.server)
    listener[Symbol.dispose]()
    client.start()
    if (served === null) throw new Error('Cannot begin the session: the application opened none')
    return served
  }

  /** What a client is told at its start: the usual, but that it takes whatever the server sends. */
  #settings({ response, extensions }: Answer): SessionSettings {
    return {
      ...DEFAULT_SETTINGS,
      role: 'client',
      id: `client-${this.#count}`,
      protocol: response.headers.get('sec-websocket-protocol'),
      extensions,
      masking: true,
      maxMessageSize: Infinity,
      maxFragments: Infinity,
      maxControlFramesPerSecond: Infinity,
    }
  }

  #observer(leave: () => Promise<void>): SessionObserver {
    return {
      handlerFailed: (error) => this.#failures.add(error),
      limitReached: () => {},
      frameDropped: () => {},
      buffered: () => {},
      closed: () => void this.#leaving.delete(leave),
    }
  }

  #connection({ response, link }: Answer): TestConnection {
    return { response, network: new FaultControl(link, this.#environment) }
  }
}

/** @throws {UpgradeRefusedError} when the answer is none of a session. */
function accepting(uri: string, answer: Answer): Answer & { readonly accepted: UpgradeAccepted } {
  const { accepted } = answer
  if (accepted === null) throw new UpgradeRefusedError(readTarget(uri).path, answer.response)
  return { ...answer, accepted }
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** A session as a test sees it: with its connection, and frames that can be compared. */
function asClient<S extends DefaultSession | RawSession>(
  session: S,
  connection: TestConnection,
): S & TestConnection {
  const incoming = session.incoming.map(toComparable)
  return Object.assign(Object.defineProperty(session, 'incoming', { value: incoming }), connection)
}

/**
 * The frame as somebody would write it down: received texts hold their bytes until they are read, and would be
 * unequal to `new Frame.Text('…')` in a deep comparison.
 */
function toComparable(frame: Frame): Frame {
  if (!(frame instanceof Frame.Text)) return frame
  try {
    return new Frame.Text(UTF8.decode(frame.buffer), { fin: frame.fin })
  } catch {
    return frame // a fragment that begins or ends inside a character: there is no text to compare
  }
}
