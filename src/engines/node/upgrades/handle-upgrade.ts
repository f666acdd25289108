/**
 * Answers one upgrade request for a program that receives it itself: for servers that choose
 * between several WebSocket libraries, and for frameworks with a hook for upgrades.
 */

import { IncomingMessage } from 'node:http'
import { Duplex } from 'node:stream'

import type { Application } from '../../../application/index.ts'
import { Deferred, type Environment, kindOf } from '../../../base/internal.ts'
import { publishDiagnostics } from '../diagnostics.ts'
import { createEnvironment } from '../environment.ts'
import { TransportChoice } from '../transports/transport-choice.ts'
import { OwedAnswers } from './owed-answers.ts'
import {
  isClaimed,
  type PendingUpgrade,
  receiveUpgrade,
  type UpgradeServer,
} from './upgrade-listener.ts'
import type { WaitingSocket } from './waiting-socket.ts'

/** The result of an upgrade: see `handleUpgrade`. */
export type UpgradeResult = 'accepted' | 'refused' | 'unclaimed'

/**
 * Lets `application` answer one upgrade request. Takes the three arguments of Node's `upgrade`
 * event. Call it before anything is written to the socket or read from it.
 *
 * - `'accepted'`: the session has begun.
 * - `'refused'`: the client has got an answer, or has left. The socket is being closed.
 * - `'unclaimed'`: the application has no such path, or the request asks for another protocol. The
 *   socket is unchanged: the caller answers.
 *
 * While the application decides, `write`, `end` and `destroy` of the socket have no effect, so that
 * no other listener can answer. Prefer `attach`, which also waits for the answers to earlier
 * requests on the same connection.
 *
 * @throws {TypeError} (rejects) for an argument that is not of the `upgrade` event, or if an
 *   attached application is answering the request already.
 *
 * @example
 * createServer().on('upgrade', async (request, socket, head) => {
 *   if ((await handleUpgrade(app, request, socket, head)) === 'unclaimed') socket.destroy()
 * })
 */
export async function handleUpgrade(
  application: Application,
  request: IncomingMessage,
  socket: Duplex,
  head: Uint8Array,
): Promise<UpgradeResult> {
  requireUpgrade(request, socket, head)
  let handler = HANDLERS.get(application)
  if (handler === undefined) HANDLERS.set(application, (handler = new UpgradeHandler(application)))
  return handler.handle({ request, stream: socket, head: asBuffer(head) })
}

const HANDLERS = new WeakMap<Application, UpgradeHandler>()

class UpgradeHandler implements UpgradeServer {
  readonly application: Application
  readonly environment: Environment = createEnvironment()
  readonly transports: TransportChoice = new TransportChoice('auto')
  readonly owed: OwedAnswers = new OwedAnswers(null)
  /** Other listeners are not known here. */
  readonly hasRivals: boolean = true
  readonly #results = new Map<PendingUpgrade, Deferred<UpgradeResult>>()

  constructor(application: Application) {
    this.application = application
    publishDiagnostics(application)
  }

  handle(upgrade: PendingUpgrade): Promise<UpgradeResult> {
    const result = new Deferred<UpgradeResult>()
    this.#results.set(upgrade, result)
    receiveUpgrade(this, upgrade)
    return result.promise
  }

  unclaimed(upgrade: PendingUpgrade, waiting: WaitingSocket): void {
    waiting.release()
    this.#settle(upgrade, 'unclaimed')
  }

  concluded(upgrade: PendingUpgrade, as: 'accepted' | 'refused'): void {
    this.#settle(upgrade, as)
  }

  #settle(upgrade: PendingUpgrade, as: UpgradeResult): void {
    this.#results.get(upgrade)?.resolve(as)
    this.#results.delete(upgrade)
  }
}

function requireUpgrade(request: unknown, socket: unknown, head: unknown): void {
  const wrong = (what: string, given: unknown, expected: string): TypeError =>
    new TypeError(`Cannot handle an upgrade: the ${what} is ${kindOf(given)}, expected ${expected}`)
  if (!(request instanceof IncomingMessage)) {
    throw wrong('request', request, 'an IncomingMessage of node:http')
  }
  if (!(socket instanceof Duplex)) throw wrong('socket', socket, 'a Duplex stream')
  if (!(head instanceof Uint8Array)) throw wrong('head', head, 'a Uint8Array')
  if (!isClaimed(request)) return
  throw new TypeError(
    'Cannot handle an upgrade: an application is answering this request already, expected one caller',
  )
}

function asBuffer({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength)
}
