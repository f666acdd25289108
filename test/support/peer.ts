/**
 * A client made of bytes: it sends exactly what a test writes down and shows exactly what came
 * back.
 */

import { ByteInbox, hex } from './bytes.ts'

/** What a peer can do, whatever carries its bytes. */
export interface PeerCarrier {
  write(bytes: Uint8Array): void
  end(): void
  reset(): void
  pause(): void
  resume(): void
}

const KIND = { text: 1, binary: 2, continuation: 0, close: 8, ping: 9, pong: 10 } as const

/** A masked frame of a client. The mask is zero, so that the payload can be read in the bytes. */
export function clientFrame(
  kind: keyof typeof KIND,
  payload: string | Uint8Array,
  options: { readonly fin?: boolean } = {},
): Uint8Array {
  const bytes = typeof payload === 'string' ? new TextEncoder().encode(payload) : payload
  const head = [(options.fin === false ? 0 : 0x80) | KIND[kind]]
  if (bytes.length < 126) head.push(0x80 | bytes.length)
  else if (bytes.length < 65536) head.push(0xfe, bytes.length >> 8, bytes.length & 255)
  else head.push(0xff, 0, 0, 0, 0, ...[24, 16, 8, 0].map((shift) => (bytes.length >>> shift) & 255))
  return Uint8Array.from([...head, 0, 0, 0, 0, ...bytes])
}

/** The masked Close frame of a client. */
export function clientClose(code: number, message = ''): Uint8Array {
  return clientFrame(
    'close',
    Uint8Array.from([code >> 8, code & 255, ...new TextEncoder().encode(message)]),
  )
}

/** A client after its handshake. */
export class Peer {
  readonly inbox = new ByteInbox()
  /** Resolves once the connection is gone, with its failure if it was reset. */
  readonly gone: Promise<Error | null>
  readonly #carrier: PeerCarrier
  #setGone: (cause: Error | null) => void = () => {}

  constructor(carrier: PeerCarrier) {
    this.#carrier = carrier
    this.gone = new Promise((resolve) => {
      this.#setGone = resolve
    })
  }

  /** Sends bytes, or a hex string. */
  send(bytes: Uint8Array | string): void {
    this.#carrier.write(typeof bytes === 'string' ? hex(bytes) : bytes)
  }

  text(text: string): void {
    this.send(clientFrame('text', text))
  }

  close(code: number, message = ''): void {
    this.send(clientClose(code, message))
  }

  /** Resolves with the next bytes as hex. */
  read(length: number): Promise<string> {
    return this.inbox.read(length)
  }

  /** Resolves with everything until the server's FIN, as hex. */
  rest(): Promise<string> {
    return this.inbox.rest()
  }

  /** Sends FIN. */
  end(): void {
    this.#carrier.end()
  }

  /** Sends RST. */
  reset(): void {
    this.#carrier.reset()
  }

  /** Stops reading, as a slow client does. */
  pause(): void {
    this.#carrier.pause()
  }

  resume(): void {
    this.#carrier.resume()
  }

  carrierClosed(cause: Error | null): void {
    this.inbox.end()
    this.#setGone(cause)
  }
}
