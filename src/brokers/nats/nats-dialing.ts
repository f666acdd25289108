/**
 * Connecting to NATS: loads the package, dials once, and makes sure that the server can be used.
 */

import type * as Nats from '@nats-io/transport-node'

import { loadPackage } from '../../packages/index.ts'
import { UnusableEngineError } from '../broker-link.ts'
import { NatsConnection, type NatsListener } from './nats-connection.ts'
import type { NatsSettings } from './nats-options.ts'

/** The oldest server on which republished events were seen to be without a hole. */
const OLDEST: readonly number[] = [2, 9, 10]
const CONNECT_MS = 5000
/** An event with its headers is rarely smaller. */
const MIN_MESSAGE_BYTES = 1024

/** Loads the client library. @throws {PackageMissingError} */
export function loadNats(): typeof Nats {
  const range = '^3.3.1'
  // The package is what it says, or it is not there; what is used is checked by the tests of this
  // folder.
  return loadPackage('make the NATS broker', '@nats-io/transport-node', range) as typeof Nats
}

/** Connects. See `Connector.connect`. */
export async function connectNats(
  nats: typeof Nats,
  settings: NatsSettings,
  heard: NatsListener,
  signal: AbortSignal,
  ended: (cause: unknown) => void,
): Promise<NatsConnection> {
  const connection = await dial(nats, settings)
  const close = (): void => void connection.close()
  if (signal.aborted) close()
  signal.addEventListener('abort', close, { once: true })
  // `closed` never rejects.
  void connection.closed().then((error) => ended(error ?? null))
  const { info } = connection
  if (info === undefined) throw new Error('Cannot use this NATS: it has not said what it is')
  if (!isNewEnough(info.version)) {
    const expected = OLDEST.join('.')
    throw new UnusableEngineError(`NATS is ${info.version}, expected ${expected} or newer`)
  }
  const largest: unknown = info.max_payload
  if (typeof largest !== 'number' || !(largest >= MIN_MESSAGE_BYTES)) {
    const problem = `NATS takes messages of ${String(largest)} bytes, expected ${MIN_MESSAGE_BYTES} or more`
    throw new UnusableEngineError(problem)
  }
  if (info.jetstream !== true && info.cluster === undefined) {
    throw new UnusableEngineError('JetStream is off, expected nats-server -js')
  }
  return new NatsConnection(nats, connection, info, heard, ended)
}

/** Connects once. The client would also come back, but it hides that, and gives up. */
async function dial(nats: typeof Nats, settings: NatsSettings): Promise<Nats.NatsConnection> {
  try {
    return await nats.connect({
      ...settings.connection,
      reconnect: false,
      timeout: CONNECT_MS,
      noAsyncTraces: true,
    })
  } catch (error) {
    if (!(error instanceof nats.AuthorizationError)) throw error
    const problem = 'NATS refuses the credentials, expected valid ones'
    throw new UnusableEngineError(problem, { cause: error })
  }
}

function isNewEnough(version: unknown): boolean {
  const parts = String(version).split(/[.-]/).slice(0, OLDEST.length).map(Number)
  for (const [index, oldest] of OLDEST.entries()) {
    const part = parts[index] ?? 0
    if (part !== oldest) return part > oldest
  }
  return true
}
