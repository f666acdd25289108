/**
 * Streams of JetStream: their state, and creating them while other nodes may create the same ones.
 */

import { UnusableEngineError } from '../broker-link.ts'
import {
  type AnswerFields,
  fieldsOf,
  isJetStreamError,
  JetStreamCode,
  JetStreamError,
  wholeOf,
} from './jetstream-answers.ts'
import type { NatsConnection } from './nats-connection.ts'

/** A stream as its leader describes it. */
export interface StreamInfo {
  readonly config: AnswerFields
  /** Changes when the stream is removed and created again. */
  readonly identity: string
  readonly replicas: number
  readonly lastSequence: number
  /** How many messages the stream holds. */
  readonly messages: number
}

/** Refusals that another attempt cannot mend, such as too few servers for the copies. */
const FINAL_CODES: ReadonlySet<number> = new Set([
  10039,
  10047,
  10052,
  JetStreamCode.SubjectsOverlap,
  10074,
  10076,
])

/**
 * Names one life of a stream. Servers of a cluster do not agree on the time at which the stream was
 * created: after a restart, a new leader reports another time.
 */
const DESCRIPTION = /^towpath [0-9a-f]{16}$/

/** The description of a new stream. @param life 16 hexadecimal digits. */
export function descriptionOf(life: string): string {
  return `towpath ${life}`
}

/** @throws (by rejecting) {JetStreamError} `StreamNotFound` if there is no such stream. */
export async function streamInfo(connection: NatsConnection, name: string): Promise<StreamInfo> {
  return readInfo(await connection.ask(`STREAM.INFO.${name}`, {}))
}

/** Changes the configuration of a stream. */
export async function updateStream(
  connection: NatsConnection,
  name: string,
  config: AnswerFields,
): Promise<StreamInfo> {
  return readInfo(await connection.ask(`STREAM.UPDATE.${name}`, config))
}

/**
 * Creates a stream on files, without limits but those of `config`. Resolves if another node was
 * faster.
 *
 * @param replicas `null`: three in a cluster, otherwise one.
 * @throws (by rejecting) {UnusableEngineError} when another attempt cannot succeed.
 */
export async function createStream(
  connection: NatsConnection,
  name: string,
  replicas: number | null,
  config: AnswerFields,
): Promise<void> {
  try {
    await connection.ask(`STREAM.CREATE.${name}`, {
      name,
      num_replicas: replicas ?? (connection.isClustered ? 3 : 1),
      retention: 'limits',
      storage: 'file',
      discard: 'old',
      max_consumers: -1,
      max_msgs: -1,
      max_bytes: -1,
      max_msg_size: -1,
      ...config,
    })
  } catch (error) {
    if (isJetStreamError(error, JetStreamCode.StreamNameInUse)) return
    const isOverlap = isJetStreamError(error, JetStreamCode.SubjectsOverlap)
    if (isOverlap && (await exists(connection, name))) return
    throw unusable(error)
  }
}

/** An {UnusableEngineError} in place of a refusal that another attempt cannot mend. */
export function unusable(error: unknown): unknown {
  const isFinal = error instanceof JetStreamError && FINAL_CODES.has(error.number)
  return isFinal ? new UnusableEngineError(error.message, { cause: error }) : error
}

async function exists(connection: NatsConnection, name: string): Promise<boolean> {
  try {
    await streamInfo(connection, name)
    return true
  } catch (error) {
    if (isJetStreamError(error, JetStreamCode.StreamNotFound)) return false
    throw error
  }
}

function readInfo(info: AnswerFields): StreamInfo {
  const config = fieldsOf(info['config'])
  const state = fieldsOf(info['state'])
  const { description } = config
  const isOurs = typeof description === 'string' && DESCRIPTION.test(description)
  return {
    config,
    identity: isOurs ? description : String(info['created']),
    replicas: wholeOf(config['num_replicas']),
    lastSequence: wholeOf(state['last_seq']),
    messages: wholeOf(state['messages']),
  }
}
