/**
 * The clients of one test: how they are let in, and how they leave.
 */

import type { Application, UpgradeAccepted, WebSocketServerSession } from '../application/index.ts'
import { requireKnownNames, requireObject } from '../base/internal.ts'
import {
  UpgradeRefusedError,
  type WebSocketClient,
  type WebSocketClientSession,
} from '../client/index.ts'
import { createClient, openSession, readClientOptions } from '../client/internal.ts'
import type { MemoryLink } from '../engines/memory/internal.ts'
import { Frame } from '../protocol/index.ts'
import {
  DEFAULT_SETTINGS,
  LiveSession,
  type SessionObserver,
  type SessionSettings,
} from '../session/internal.ts'
import { BytePipe } from './byte-pipe.ts'
import {
  checkAnswer,
  type ConnectOptions,
  RAW_CONNECT_OPTION_NAMES,
  type RawConnectOptions,
  readTarget,
  splitHeaders,
  upgradeRequest,
} from './connect-options.ts'
import type { Failures } from './failures.ts'
import { type DialedServer, MemoryDialer } from './memory-dialer.ts'
import { FaultControl, type Network } from './network-faults.ts'
import type { TestEnvironment } from './test-environment.ts'
import type { BytePeer, TestConnection, TestRawSession, TestSession } from './test-application.ts'
import { type TestResponse, toTestResponse } from './test-response.ts'

/** What came of a request to upgrade; `accepted` is `null` when it was refused. */
export interface Answer {
  readonly response: TestResponse
  readonly accepted: UpgradeAccepted | null
  readonly link: MemoryLink
}

/** A client that shows every frame, and the session that the application has with it. */
export interface RawConversation {
  readonly client: TestRawSession
  readonly served: WebSocketServerSession
  /** The client sends what it has queued, and leaves without a Close frame. */
  readonly leave: () => void
}

const ACT = 'connect'
const LOOPBACK = '127.0.0.1'
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
  readonly #server: DialedServer
  /** See `TestApplication.client`. */
  readonly client: WebSocketClient
  #ids = 0
  #ports = 0

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
    this.#server = {
      application,
      environment,
      network,
      over: this.#over.signal,
      nextPort: () => this.#nextPort(),
    }
    this.client = createClient({
      environment: () => environment,
      optionNames: [],
      dialer: () => new MemoryDialer(this.#server),
      opened: (session) => this.#remember(session),
    })
  }

  /** See `TestApplication.connect`. */
  async connect(uri: string, options: ConnectOptions = {}): Promise<TestSession> {
    requireObject(ACT, 'what was given', options)
    const { headers = {}, remoteHost = LOOPBACK, ...others } = options
    const { own, replacing } = splitHeaders(headers)
    const settings = readClientOptions({ ...others, headers: own })
    const target = readTarget(uri)
    // A path is asked for as it is, however strange; in a URL it would be tidied up.
    const path = uri.startsWith('/') ? target.path : null
    const dialer = new MemoryDialer(this.#server, { remoteHost, path, replacing })
    const url = path === null ? uri : `ws://${target.host}${path.replace(/#.*/s, '')}`
    const session = await openSession(dialer, this.#environment, url, settings, {
      id: this.#nextId(),
      failed: (error) => this.#failures.add(error),
    })
    this.#remember(session)
    const { status, headers: received } = session.response
    const response = { status, headers: received, body: '' }
    return asClient(session, { response, network: this.#faultsOf(dialer) })
  }

  /** See `TestApplication.connectRaw`. */
  async connectRaw(uri: string, options: RawConnectOptions = {}): Promise<TestRawSession> {
    return this.converse(await this.#requestAccepted(uri, options)).client
  }

  /** See `TestApplication.connectBytes`. */
  async connectBytes(uri: string, options: RawConnectOptions = {}): Promise<BytePeer> {
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
    const session = new LiveSession(
      answer.link.client,
      this.#settings(answer),
      this.#environment,
      this.#observer(leave),
      'raw',
    )
    const served = this.#begin(answer, session, leave)
    const client = asClient(session, this.#connection(answer))
    return { client, served, leave: () => void leave() }
  }

  /** Asks the application for an upgrade, for a client that shows frames as they travel. */
  async request(uri: string, options: RawConnectOptions): Promise<Answer> {
    requireObject(ACT, 'what was given', options)
    requireKnownNames(ACT, options, RAW_CONNECT_OPTION_NAMES)
    const target = readTarget(uri)
    this.#network.requireListener(target.host)
    const link = this.#network.link({
      clientAddress: { host: options.remoteHost ?? LOOPBACK, port: this.#nextPort() },
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
    else checkAnswer(request, accepted)
    return { response: toTestResponse(outcome), accepted, link }
  }

  /**
   * All clients leave, politely if they know how to. Resolves when they are gone; never rejects.
   */
  async end(): Promise<void> {
    this.#over.abort()
    await Promise.all([...this.#leaving].map((leave) => leave()))
  }

  async #requestAccepted(
    uri: string,
    options: RawConnectOptions,
  ): Promise<Answer & { readonly accepted: UpgradeAccepted }> {
    return accepting(await this.request(uri, options))
  }

  #patience(signal: AbortSignal | undefined): AbortSignal {
    return signal === undefined ? this.#over.signal : AbortSignal.any([signal, this.#over.signal])
  }

  /** Both ends begin, the server first. @returns the server's session. */
  #begin(
    { accepted, link }: Answer & { readonly accepted: UpgradeAccepted },
    client: LiveSession,
    leave: () => Promise<void>,
  ): WebSocketServerSession {
    this.#leaving.add(leave)
    let served: WebSocketServerSession | null = null
    const listener = this.#application.monitor.on('sessionOpened', ({ session }) => {
      served ??= session
    })
    accepted.start(link.server)
    listener[Symbol.dispose]()
    client.core.start()
    if (served === null) throw new Error('Cannot begin the session: the application opened none')
    return served
  }

  /**
   * What a raw client is told at its start: the usual, but that it takes whatever the server sends.
   */
  #settings({ response }: Answer): SessionSettings {
    return {
      ...DEFAULT_SETTINGS,
      role: 'client',
      id: this.#nextId(),
      protocol: response.headers.get('sec-websocket-protocol'),
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

  #faultsOf({ link }: MemoryDialer): FaultControl {
    if (link === null) throw new Error('Cannot find the connection: nothing was dialled')
    return new FaultControl(link, this.#environment)
  }

  /** A session of the production client leaves when the test ends, whoever holds it. */
  #remember(session: WebSocketClientSession): void {
    const leave = (): Promise<void> => session[Symbol.asyncDispose]()
    this.#leaving.add(leave)
    void session.closed.then(() => this.#leaving.delete(leave))
  }

  #nextId(): string {
    return `client-${++this.#ids}`
  }

  #nextPort(): number {
    return FIRST_CLIENT_PORT + (this.#ports++ % CLIENT_PORTS)
  }
}

/** @throws {UpgradeRefusedError} when the answer is none of a session. */
function accepting(answer: Answer): Answer & { readonly accepted: UpgradeAccepted } {
  const { accepted, response } = answer
  if (accepted !== null) return { ...answer, accepted }
  throw new UpgradeRefusedError(response.status, [...response.headers], response.body)
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** A session as a test sees it: with its connection, and frames that can be compared. */
function asClient<S extends WebSocketClientSession | LiveSession>(
  session: S,
  { response, network }: TestConnection,
): S & TestConnection {
  const incoming = session.incoming.map(toComparable)
  const own = { incoming: { value: incoming }, response: { value: response } }
  return Object.defineProperties(session, { ...own, network: { value: network } }) as S &
    TestConnection // the properties of which have just been defined
}

/**
 * The frame as somebody would write it down: received texts hold their bytes until they are read,
 * and would be unequal to `new Frame.Text('…')` in a deep comparison.
 */
function toComparable(frame: Frame): Frame {
  if (!(frame instanceof Frame.Text)) return frame
  try {
    return new Frame.Text(UTF8.decode(frame.buffer), { fin: frame.fin })
  } catch {
    return frame // a fragment that begins or ends inside a character: there is no text to compare
  }
}
