/**
 * Two ends of one real connection over loopback, and a raw client that says what it received: for
 * tests that need the operating system.
 */

import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import {
  connect as connectTls,
  type ConnectionOptions,
  createServer as createTlsServer,
  type TLSSocket,
} from 'node:tls'
import { certificate } from './certificate.ts'

/** The accepted and the connecting end of one TCP connection; both half-open by choice. */
export interface SocketPair extends AsyncDisposable {
  readonly accepted: Socket
  readonly connecting: Socket
}

/** Opens a connection on a free port. The accepted end is paused until somebody reads it. */
export async function socketPair(): Promise<SocketPair> {
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true })
  const port = await listen(server)
  const acceptedOne = once(server, 'connection')
  const connecting = connect({ host: '127.0.0.1', port, allowHalfOpen: true })
  await once(connecting, 'connect')
  // `once` resolves with the arguments of the event: net.Server's 'connection' has one socket.
  const [accepted] = (await acceptedOne) as [Socket]
  server.close()
  connecting.on('error', () => {})
  return {
    accepted,
    connecting,
    async [Symbol.asyncDispose]() {
      accepted.destroy()
      connecting.destroy()
      if (server.listening) await once(server, 'close')
    },
  }
}

/** Both ends of a connection over TLS, on a free port. The accepted end is not read. */
export async function tlsPair(): Promise<SocketPair & { readonly tcp: Socket }> {
  const server = createTlsServer(certificate)
  const port = await listen(server)
  const acceptedOne = once(server, 'secureConnection')
  const tcp = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  tcp.on('error', () => {})
  const connecting = connectTls({ socket: tcp, host: '127.0.0.1', ca: certificate.cert })
  connecting.allowHalfOpen = true
  await once(connecting, 'secureConnect')
  // `once` resolves with the arguments of the event, of which there is one.
  const [accepted] = (await acceptedOne) as [TLSSocket]
  server.close()
  // The event comes from inside of the handshake, after which TLS sends session tickets.
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve))
  connecting.on('error', () => {})
  return {
    accepted,
    connecting,
    tcp,
    async [Symbol.asyncDispose]() {
      accepted.destroy()
      connecting.destroy()
      if (server.listening) await once(server, 'close')
    },
  }
}

/** Listens on a free port of loopback and says which. */
export async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  // A server that listens on TCP has an AddressInfo.
  return (server.address() as AddressInfo).port
}

/** A TCP client that keeps everything that it received. */
export class RawClient implements AsyncDisposable {
  readonly socket: Socket
  /** Settles when the connection is gone, with the error that ended it or `null`. */
  readonly closed: Promise<Error | null>
  /** Settles when the other side has ended its direction (or the connection is gone). */
  readonly ended: Promise<void>
  #received: Buffer = Buffer.alloc(0)
  #changed: () => void = () => {}

  constructor(socket: Socket) {
    this.socket = socket
    let cause: Error | null = null
    socket.on('error', (error) => {
      cause = error
    })
    socket.on('data', (bytes) => {
      this.#received = Buffer.concat([this.#received, bytes])
      this.#changed()
    })
    this.ended = new Promise((resolve) => {
      socket.once('end', resolve)
      socket.once('close', () => resolve())
    })
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        this.#changed()
        resolve(cause)
      })
    })
  }

  static async connect(port: number): Promise<RawClient> {
    const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true })
    await once(socket, 'connect')
    return new RawClient(socket)
  }

  /** The same over TLS. Trusts the certificate of the tests. */
  static async connectTls(port: number, options: ConnectionOptions = {}): Promise<RawClient> {
    const ca = certificate.cert
    const socket = connectTls({ host: '127.0.0.1', port, ca, servername: 'localhost', ...options })
    await once(socket, 'secureConnect')
    return new RawClient(socket)
  }

  /** Everything that has arrived, one character per byte. */
  get text(): string {
    return this.#received.toString('latin1')
  }

  /** Everything that has arrived. */
  get bytes(): Buffer {
    return this.#received
  }

  send(data: string | Uint8Array): void {
    this.socket.write(typeof data === 'string' ? Buffer.from(data, 'latin1') : data)
  }

  /** Resolves once `ready` holds of what has arrived; rejects if the connection goes first. */
  async until(ready: (text: string) => boolean): Promise<string> {
    while (!ready(this.text)) {
      if (this.socket.closed) throw new Error(`The connection was closed after "${this.text}"`)
      await new Promise<void>((resolve) => {
        this.#changed = resolve
      })
    }
    return this.text
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.destroy()
    await this.closed
  }
}
