/** The clients of one test: how they connect, and how they leave. */

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

/** The result of a request to upgrade; `accepted` is `null` when it was refused. */
export interface Answer {
  readonly response: TestResponse
  readonly accepted: UpgradeAccepted | null
  readonly link: MemoryLink
}

/** A client that receives every frame, and the application's session with it. */
export interface RawConversation {
  readonly client: TestRawSession
  readonly served: WebSocketServerSession
  /** Sends the client's queued frames, and leaves without a Close frame. */
  readonly leave: () => void
}

const ACT = 'connect'
const LOOPBACK = '127.0.0.1'
const FIRST_CLIENT_PORT = 50_000
const CLIENT_PORTS = 15_000

/** Connects clients, and keeps track of those that are connected. */
export class Clients {
  readonly #application: Application
  readonly #environment: TestEnvironment
  readonly #network: Network
  readonly #failures: Failures
  /** Aborts when the test is over, for upgrades that are still being decided. */
  readonly #over = new AbortController()
  /** The functions that make connected clients leave; each resolves when the client has gone. */
  readonly #leaving = new Set<() => Promise<unknown>>()
  readonly #server: DialedServer
  /** Implements `TestApplication.client`. */
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

  /** Implements `TestApplication.connect`. */
  async connect(uri: string, options: ConnectOptions = {}): Promise<TestSession> {
    requireObject(ACT, 'the options argument', options)
    const { headers = {}, remoteHost = LOOPBACK, ...others } = options
    const { own, replacing } = splitHeaders(headers)
    const settings = readClientOptions({ ...others, headers: own })
    const target = readTarget(uri)
    // A path is sent unchanged, however strange; a URL would normalise it.
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

  /** Implements `TestApplication.connectRaw`. */
  async connectRaw(uri: string, options: RawConnectOptions = {}): Promise<TestRawSession> {
    return this.converse(await this.#requestAccepted(uri, options)).client
  }

  /** Implements `TestApplication.connectBytes`. */
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

  /** Starts the session of an accepted upgrade, with a client that receives every frame. */
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

  /** Asks the application for an upgrade, for a client that receives frames as they travel. */
  async request(uri: string, options: RawConnectOptions): Promise<Answer> {
    requireObject(ACT, 'the options argument', options)
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
   * Makes all clients leave, with a Close frame if they can. Resolves when they have gone; never
   * rejects.
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

  /** Starts both ends, the server first. @returns the server's session. */
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
    if (served === null) throw new Error('Cannot start the session: the application opened none')
    return served
  }

  /** The settings of a raw client: the defaults, but it accepts whatever the server sends. */
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
    if (link === null)
      throw new Error(
        'Cannot find the connection: no connection was made, expected connect() before it',
      )
    return new FaultControl(link, this.#environment)
  }

  /** Makes a session of the production client leave when the test ends. */
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

/** @throws {UpgradeRefusedError} when the upgrade was refused. */
function accepting(answer: Answer): Answer & { readonly accepted: UpgradeAccepted } {
  const { accepted, response } = answer
  if (accepted !== null) return { ...answer, accepted }
  throw new UpgradeRefusedError(response.status, [...response.headers], response.body)
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** A session for a test: with its connection, and frames that can be compared. */
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
 * Returns the frame as a test would write it. Received texts hold their bytes until they are read,
 * and would not equal `new Frame.Text('…')` in a deep comparison.
 */
function toComparable(frame: Frame): Frame {
  if (!(frame instanceof Frame.Text)) return frame
  try {
    return new Frame.Text(UTF8.decode(frame.buffer), { fin: frame.fin })
  } catch {
    return frame // a fragment that begins or ends inside a character: there is no text to compare
  }
}
