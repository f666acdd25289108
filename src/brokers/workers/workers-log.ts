/**
 * The logs of topics in the process that holds them: each call is a request over the socket.
 */

import {
  type Appended,
  ExpectationFailedError,
  type Head,
  type LogPage,
  type LogTopic,
  PublishRefusedError,
  type ReadLimit,
} from '../../topics/index.ts'
import type { AppendRequest, EngineLog } from '../engine.ts'
import { HostError, type LogConnection } from './log-connection.ts'
import { MAX_MESSAGE_BYTES } from './log-frames.ts'
import { readAppended, readHeads, readPage } from './log-replies.ts'

/** The logs of one node. */
export class WorkersLog implements EngineLog<LogConnection> {
  async append(
    connection: LogConnection,
    { topic, message, identity, expect }: AppendRequest,
  ): Promise<Appended> {
    if (message.length > MAX_MESSAGE_BYTES) throw new PublishRefusedError(topic.name, 'size')
    try {
      const request = { do: 'append', topic, identity, expect }
      return readAppended(await connection.ask(request, message))
    } catch (error) {
      const isExpectation = error instanceof HostError && error.code === 'expectation'
      throw isExpectation ? new ExpectationFailedError(topic.name) : error
    }
  }

  async read(
    connection: LogConnection,
    topic: LogTopic,
    after: number,
    limit: ReadLimit,
  ): Promise<LogPage> {
    const most = {
      events: Math.min(limit.events, Number.MAX_SAFE_INTEGER),
      bytes: Math.min(limit.bytes, MAX_MESSAGE_BYTES),
    }
    const frame = await connection.ask({ do: 'read', topic, after, limit: most })
    return readPage(frame, after)
  }

  async heads(connection: LogConnection, topics: readonly LogTopic[]): Promise<Head[]> {
    return readHeads(await connection.ask({ do: 'heads', topics }), topics.length)
  }
}
