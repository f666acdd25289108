/**
 * What JetStream answers, checked: an object in JSON, an error with a number, or a stored message.
 */

import type { Msg } from '@nats-io/transport-node'

import { readOffset } from '../places.ts'

/** The fields of an answer. Each is checked where it is used. */
export type AnswerFields = Readonly<Record<string, unknown>>

/** The numbers of errors that brokers act on. */
export const JetStreamCode = {
  MessageNotFound: 10037,
  StreamNameInUse: 10058,
  StreamNotFound: 10059,
  /** Also the answer to a node that creates a stream while another node creates the same one. */
  SubjectsOverlap: 10065,
  WrongLastSequence: 10071,
} as const

/** JetStream refuses a request. */
export class JetStreamError extends Error {
  /** JetStream's own number of the problem, such as 10059. */
  readonly number: number

  constructor(number: number, description: string) {
    super(`JetStream answers ${number}: ${description}`)
    this.number = number
  }
}

/** Whether `error` is JetStream's error with this number. */
export function isJetStreamError(error: unknown, number: number): boolean {
  return error instanceof JetStreamError && error.number === number
}

/** The fields of an answer in JSON. @throws {JetStreamError} when it is a refusal. */
export function readAnswer(answer: Pick<Msg, 'json'>): AnswerFields {
  const fields = fieldsOf(answer.json<unknown>())
  if (fields['error'] === undefined) return fields
  const { err_code: number, description } = fieldsOf(fields['error'])
  throw new JetStreamError(Number(number), String(description))
}

/** The id with which the message in an answer was published; `''` when it had none. */
export function messageIdIn({ hdrs }: AnswerFields): string {
  return /^Nats-Msg-Id: *(.*?)\r?$/m.exec(decoded(hdrs).toString())?.[1] ?? ''
}

/** The bytes of a field in base64; none for a field of another type. */
export function decoded(base64: unknown): Buffer {
  return Buffer.from(typeof base64 === 'string' ? base64 : '', 'base64')
}

/** @throws for what is not an object. */
export function fieldsOf(value: unknown): AnswerFields {
  if (typeof value !== 'object' || value === null) {
    throw new Error('Cannot read the answer of JetStream: it is not an object')
  }
  return value as AnswerFields // checked above
}

/** A sequence or a count. @throws for another value. */
export function wholeOf(value: unknown): number {
  const whole = readOffset(value)
  if (whole !== null) return whole
  throw new Error('Cannot read the answer of JetStream: a number is missing')
}
