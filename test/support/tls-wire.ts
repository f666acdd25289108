/**
 * A TLS client whose TCP connection is in the hands of a test: what TLS would send may be cut, held
 * back or replaced, and its FIN need not be TCP's.
 */

import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from 'node:tls'

import { certificate } from './certificate.ts'
import { RawClient } from './loopback.ts'

/** What TLS writes to, in place of a socket. */
class Wire extends Duplex {
  /** How many bytes more get through. */
  allowance = Infinity
  readonly #tcp: Socket

  constructor(tcp: Socket) {
    super({ allowHalfOpen: true })
    this.#tcp = tcp
    tcp.on('data', (bytes) => this.push(bytes))
    tcp.on('end', () => this.push(null))
    tcp.on('close', () => this.destroy())
    tcp.on('error', () => {})
  }

  override _read(): void {}

  override _write(bytes: Buffer, _: BufferEncoding, done: () => void): void {
    const through = bytes.subarray(0, this.allowance)
    this.allowance -= through.length
    if (through.length > 0) this.#tcp.write(through)
    done()
  }

  /** The close_notify of TLS is not followed by a FIN: that is for the test to send. */
  override _final(done: () => void): void {
    done()
  }
}

/** See above. */
export class TlsWire implements AsyncDisposable {
  /** What is below TLS. */
  readonly tcp: Socket
  readonly socket: TLSSocket
  /** Resolves when the server has sent FIN, or TCP is gone. */
  readonly ended: Promise<void>
  /** Reads and writes through TLS. */
  readonly client: RawClient
  readonly #wire: Wire

  private constructor(tcp: Socket, options: ConnectionOptions) {
    this.tcp = tcp
    this.ended = new Promise((resolve) => {
      tcp.once('end', resolve)
      tcp.once('close', () => resolve())
    })
    this.#wire = new Wire(tcp)
    this.socket = connectTls({
      ca: certificate.cert,
      servername: 'localhost',
      ...options,
      socket: this.#wire,
    })
    this.client = new RawClient(this.socket)
  }

  /**
   * Connects over TCP; the handshake of TLS has begun. At most `allowance` bytes of it are sent.
   */
  static async open(
    port: number,
    options: ConnectionOptions = {},
    allowance: number = Infinity,
  ): Promise<TlsWire> {
    const tcp = connect({ host: '127.0.0.1', port, allowHalfOpen: true, noDelay: true })
    await once(tcp, 'connect')
    const wire = new TlsWire(tcp, options)
    wire.#wire.allowance = allowance
    return wire
  }

  /** Of what TLS sends from now on only so many bytes arrive. */
  cutAfter(bytes: number): void {
    this.#wire.allowance = bytes
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.destroy()
    this.tcp.destroy()
    await this.client.closed
  }
}
