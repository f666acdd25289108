/**
 * A dialer that does what a test says, and a server's end for what it switches to.
 */

import type { Environment } from '../../src/base/internal.ts'
import type { Dialer, DialOutcome, DialRequest } from '../../src/client/internal.ts'
import { MemoryLink } from '../../src/engines/memory/internal.ts'
import { acceptKey, type HeaderList, HttpHeaders } from '../../src/protocol/internal.ts'
import { RawSession } from './bare-session.ts'
import { SETTINGS } from './session.ts'

/** What the dialer answers to one request. */
export type DialAnswer = (request: DialRequest) => DialOutcome | Promise<DialOutcome>

/** Answers each request with the next of `answers`, the last one again and again. */
export class ScriptedDialer implements Dialer {
  readonly requests: DialRequest[] = []
  readonly #answers: readonly DialAnswer[]

  constructor(...answers: readonly DialAnswer[]) {
    this.#answers = answers
  }

  async dial(request: DialRequest): Promise<DialOutcome> {
    this.requests.push(request)
    const answer = this.#answers[Math.min(this.requests.length, this.#answers.length) - 1]
    if (answer === undefined) throw new Error('no answer was scripted')
    return answer(request)
  }

  /** The headers of a request, by their names in lower case. */
  headers(index: number): Map<string, string> {
    const { headers = [] } = this.requests[index] ?? {}
    return new Map(headers.map(([name, value]) => [name.toLowerCase(), value]))
  }
}

/** An ordinary answer. */
export function answers(status: number, headers: HeaderList = [], body = ''): DialAnswer {
  return () => ({
    type: 'answered',
    response: { status, headers: new HttpHeaders(headers.flat()) },
    body: new TextEncoder().encode(body),
  })
}

/** Never answers; rejects when the client has lost its patience. */
export function hangs(entered: ReadonlyArray<'connect' | 'tls' | 'handshake'> = []): DialAnswer {
  return (request) =>
    new Promise((_resolve, reject) => {
      for (const step of entered) request.entered(step)
      request.signal.addEventListener('abort', () => reject(request.signal.reason as Error))
    })
}

/** A server that switches: its end shows every frame that the client sends. */
export function switching(
  environment: Environment,
  headers: HeaderList = [],
): { readonly link: MemoryLink; readonly server: RawSession; readonly answer: DialAnswer } {
  const link = new MemoryLink(environment)
  const observer = {
    handlerFailed() {},
    limitReached() {},
    frameDropped() {},
    buffered() {},
    closed() {},
  }
  const server = new RawSession(
    link.server,
    { ...SETTINGS, closeTimeout: 1000 },
    environment,
    observer,
  )
  server.start()
  return {
    link,
    server,
    answer: (request) => {
      request.entered('handshake')
      const key = request.headers.find(([name]) => name === 'Sec-WebSocket-Key')?.[1] ?? ''
      const usual: HeaderList = [
        ['Upgrade', 'websocket'],
        ['Connection', 'Upgrade'],
        ['Sec-WebSocket-Accept', acceptKey(key)],
      ]
      const replaced = new Set(headers.map(([name]) => name))
      const all = [...usual.filter(([name]) => !replaced.has(name)), ...headers]
      const response = { status: 101, headers: new HttpHeaders(all.flat()) }
      return { type: 'switched', response, transport: link.client }
    },
  }
}
