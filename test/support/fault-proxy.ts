/**
 * A proxy over TCP that changes one message on its way from a server to its clients.
 */

import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { Deferred } from '../../src/base/internal.ts'
import { type AnswerFrame, AnswerReader } from '../../src/cli/check/wire/answer-reader.ts'
import { plainFrame } from '../../src/cli/check/wire/frame-bytes.ts'

/** What happens to the message. `reorder`: the next one of its connection passes it. */
export type MessageFault = 'drop' | 'duplicate' | 'reorder' | 'corrupt'

/** A proxy that listens. */
export interface FaultProxy extends AsyncDisposable {
  readonly port: number
  /** Resolves when `total` messages have passed, and each client has answered a ping after them. */
  readonly passed: Promise<void>
}

/** What a proxy does to its messages. */
export interface FaultPlan {
  /** `null`: nothing is changed. */
  readonly fault: MessageFault | null
  /** The number of the message, from 0, among those of all connections. */
  readonly at: number
  /** How many messages will come, with the one that is changed. */
  readonly total: number
}

const PING = plainFrame(0x89, Buffer.from('passed'))

/** Listens on a free port of loopback, and connects each client to `target`. */
export async function faultProxy(
  target: number,
  { fault, at, total }: FaultPlan,
): Promise<FaultProxy> {
  const sockets = new Set<Socket>()
  const clients = new Set<Socket>()
  const passed = new Deferred<void>()
  let count = 0
  let pongs = 0
  const faultOfNext = (): MessageFault | null => (count++ === at ? fault : null)
  const hasPassed = (): void => {
    if (count === total) for (const client of clients) client.write(PING)
  }
  const server = createServer({ noDelay: true }, (client) => {
    const upstream = connect({ port: target, host: '127.0.0.1', noDelay: true })
    clients.add(client)
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => {})
    }
    client.pipe(upstream)
    upstream.on('end', () => client.end())
    client.on('close', () => upstream.destroy())
    const passage = new Passage((bytes) => void client.write(bytes), faultOfNext, hasPassed)
    upstream.on('data', (bytes: Buffer) => passage.take(bytes))
    const answers = new Frames(true, ({ first }) => {
      if (first !== 0x8a) return
      pongs += 1
      if (pongs === clients.size) passed.resolve()
    })
    client.on('data', (bytes: Buffer) => answers.take(bytes))
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  return {
    port: (server.address() as AddressInfo).port, // it listens on TCP
    passed: passed.promise,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise<void>((resolve) => {
        server.close(() => resolve())
      })
    },
  }
}

/** Finds the frames behind the head of a request or response. */
class Frames {
  readonly #reader: AnswerReader
  readonly #found: (frame: AnswerFrame) => void
  #head: Buffer | null = Buffer.alloc(0)
  #count = 0

  constructor(isMasked: boolean, found: (frame: AnswerFrame) => void) {
    this.#reader = new AnswerReader(isMasked, Infinity)
    this.#found = found
  }

  /** @returns the head, once it is there as a whole; `null` before and after. */
  take(bytes: Buffer): Buffer | null {
    if (this.#head === null) {
      this.#read(bytes)
      return null
    }
    this.#head = Buffer.concat([this.#head, bytes])
    const end = this.#head.indexOf('\r\n\r\n') + 4
    if (end < 4) return null
    const whole = this.#head
    this.#head = null
    queueMicrotask(() => this.#read(whole.subarray(end)))
    return whole.subarray(0, end)
  }

  #read(bytes: Uint8Array): void {
    this.#reader.read(bytes)
    for (const frame of this.#reader.frames.slice(this.#count)) {
      this.#count += 1
      this.#found(frame)
    }
  }
}

/** One connection, from the server to the client. */
class Passage {
  readonly #write: (bytes: Uint8Array) => void
  readonly #faultOfNext: () => MessageFault | null
  readonly #hasPassed: () => void
  readonly #frames = new Frames(false, (frame) => this.#pass(frame))
  #held: Uint8Array | null = null

  constructor(
    write: (bytes: Uint8Array) => void,
    faultOfNext: () => MessageFault | null,
    hasPassed: () => void,
  ) {
    this.#write = write
    this.#faultOfNext = faultOfNext
    this.#hasPassed = hasPassed
  }

  take(bytes: Buffer): void {
    const head = this.#frames.take(bytes)
    if (head !== null) this.#write(head)
  }

  #pass({ first, payload }: AnswerFrame): void {
    const frame = plainFrame(first, payload)
    if ((first & 0x0f) >= 8) {
      this.#write(frame)
      return
    }
    const fault = this.#faultOfNext()
    if (fault === 'reorder') {
      this.#held = frame
      return
    }
    // The last byte is one of the checksum.
    if (fault === 'corrupt') frame[frame.length - 1] = (frame.at(-1) ?? 0) ^ 1
    if (fault !== 'drop') this.#write(frame)
    if (fault === 'duplicate') this.#write(frame)
    if (this.#held !== null) this.#write(this.#held)
    this.#held = null
    this.#hasPassed()
  }
}
