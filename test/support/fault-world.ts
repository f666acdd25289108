/**
 * One application in memory with two sessions: the one that a fault strikes, and a bystander who
 * must not notice. Everything that a session could leave behind can be counted afterwards.
 */

import { getEventListeners } from 'node:events'
import {
  type Application,
  type CloseInfo,
  createApplication,
  type DefaultWebSocketServerSession,
  type WebSocketsOptions,
  WebSockets,
} from '../../src/index.ts'
import { MemoryLink } from '../../src/engines/memory/internal.ts'
import type { Transport } from '../../src/session/index.ts'
import { FaultedHandler } from './faulted-handler.ts'
import { handshakeHeaders } from './hosts.ts'
import { memoryEnvironment, settled } from './memory-world.ts'
import { Peer } from './peer.ts'

/** The client of the session that is struck. */
export interface Victim {
  readonly peer: Peer
  readonly link: MemoryLink
  readonly session: DefaultWebSocketServerSession
  /**
   * How the client takes what comes: as a program that reads, or as a kernel whose program is gone.
   */
  behaviour: { readsOn: boolean; endsInTurn: boolean }
}

/** What is there when a session has gone. */
export interface Leftovers {
  readonly sessions: number
  readonly timers: number
  readonly clockTimers: number
  readonly linkIsOver: boolean
  readonly queuedBytes: number
  readonly bufferedBytes: number
  readonly signalListeners: number
  readonly handlerReturned: boolean
  readonly failures: readonly unknown[]
}

/** Nothing but the bystander. */
export const NOTHING_LEFT: Leftovers = {
  sessions: 1,
  timers: 0,
  clockTimers: 0,
  linkIsOver: true,
  queuedBytes: 0,
  bufferedBytes: 0,
  signalListeners: 0,
  handlerReturned: true,
  failures: [],
}

/** See above; made by `open`. */
export class FaultWorld {
  readonly handler: FaultedHandler = new FaultedHandler()
  readonly #environment = memoryEnvironment()
  readonly #application: Application
  readonly #failures: unknown[] = []
  #opened: (session: DefaultWebSocketServerSession) => void = () => {}
  #victim: Victim | null = null
  #bystander: Peer | null = null
  #ending: { readonly info: CloseInfo; readonly at: number } | null = null

  private constructor(options: WebSocketsOptions) {
    const fail = (facts: object): void => void this.#failures.push(facts)
    const silent = (): void => {}
    this.#application = createApplication(undefined, {
      logger: { debug: silent, info: silent, warn: fail, error: fail },
    })
    this.#application.install(WebSockets)
    this.#application.routing((route) => {
      route.webSocket('/victim', options, (session) => {
        this.#opened(session)
        return this.handler.serve(session)
      })
      route.webSocket('/bystander', async ({ incoming, send }) => {
        for await (const frame of incoming) await send(frame)
      })
    })
  }

  /** Both sessions are open, and the time is 0. `options` are for the session that is struck. */
  static async open(options: WebSocketsOptions = {}): Promise<FaultWorld> {
    const world = new FaultWorld(options)
    world.#bystander = (await world.#connect('/bystander')).peer
    const opened = new Promise<DefaultWebSocketServerSession>((resolve) => {
      world.#opened = resolve
    })
    const { peer, link, behaviour } = await world.#connect('/victim')
    const session = await opened
    world.#victim = { peer, link, behaviour, session }
    void session.closed.then((info) => {
      world.#ending = { info, at: world.#environment.clock.now() }
    })
    return world
  }

  get victim(): Victim {
    if (this.#victim === null) throw new Error('The world is not open')
    return this.#victim
  }

  /** How the session ended and when; `null` while it goes on. */
  get ending(): { readonly info: CloseInfo; readonly at: number } | null {
    return this.#ending
  }

  advance(ms: number): Promise<void> {
    return this.#environment.clock.advance(ms)
  }

  /** The bystander says something, and answers what came back, as hex. */
  async bystanderEchoes(): Promise<string> {
    const peer = this.#bystander
    if (peer === null) throw new Error('The world is not open')
    peer.text('hi')
    await settled()
    const echo = await peer.read(4)
    return peer.inbox.unread.length === 0 && !peer.inbox.isEnded ? echo : 'disturbed'
  }

  leftovers(): Leftovers {
    const { link, session } = this.victim
    return {
      sessions: this.#application.sessions.size,
      timers: this.#environment.timers.size,
      clockTimers: this.#environment.clock.pendingTimers,
      linkIsOver: link.isOver,
      queuedBytes: link.server.queuedBytes + link.client.queuedBytes + session.bufferedAmount,
      bufferedBytes: this.#application.statistics().bytesBuffered,
      signalListeners: [this.handler.signal, session.signal, session.call.signal]
        .map((signal) => getEventListeners(signal, 'abort').length)
        .reduce((sum, count) => sum + count),
      handlerReturned: this.handler.hasReturned,
      failures: this.#failures,
    }
  }

  async #connect(path: string): Promise<Omit<Victim, 'session'>> {
    const link = new MemoryLink(this.#environment)
    const behaviour = { readsOn: true, endsInTurn: true }
    const peer = clientOf(link, behaviour)
    const outcome = await this.#application.upgrade(
      {
        method: 'GET',
        target: path,
        httpVersion: '1.1',
        rawHeaders: handshakeHeaders({}).flat(),
        hasBody: false,
        local: link.server.local,
        remote: link.server.remote,
        encrypted: false,
      },
      this.#environment,
      new AbortController().signal,
    )
    if (outcome.type !== 'accepted') throw new Error(`not upgraded: ${outcome.type}`)
    outcome.start(link.server)
    return { peer, link, behaviour }
  }
}

function clientOf(link: MemoryLink, behaviour: Victim['behaviour']): Peer {
  const client: Transport = link.client
  const peer = new Peer({
    write: (bytes) => void client.write(bytes),
    end: () => client.end(),
    reset: () => link.reset(),
    pause: () => client.pause(),
    resume: () => client.resume(),
  })
  client.start({
    receive: (bytes) => {
      if (behaviour.readsOn) peer.inbox.push(bytes.slice())
      else link.reset() // RFC 9293 §3.10.7.4: data for a program that has closed is answered so
    },
    unread: () => {},
    receiveEnd: () => {
      peer.inbox.end()
      if (behaviour.endsInTurn) client.end()
    },
    drained: () => {},
    closed: (cause) => peer.carrierClosed(cause),
  })
  return peer
}
