/**
 * A TCP proxy between a broker and its engine that a test can cut, or make silent.
 */

import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

interface Pair {
  readonly near: Socket
  readonly far: Socket
}

/** Forwards connections to a port of this machine. */
export class CutProxy {
  readonly #server: Server
  readonly #pairs = new Set<Pair>()
  #target: number
  #isCut = false
  #isSilent = false

  private constructor(target: number) {
    this.#target = target
    this.#server = createServer((near) => this.#accept(near))
  }

  /** @param host where it listens. */
  static async listen(target: number, host: string = '127.0.0.1'): Promise<CutProxy> {
    const proxy = new CutProxy(target)
    proxy.#server.listen(0, host)
    await once(proxy.#server, 'listening')
    return proxy
  }

  get port(): number {
    // A listening TCP server has an address.
    return (this.#server.address() as AddressInfo).port
  }

  /** Where new connections lead: failover. */
  set target(port: number) {
    this.#target = port
  }

  /** Ends all connections and refuses new ones. */
  cut(): void {
    this.#isCut = true
    for (const { near, far } of this.#pairs) {
      near.destroy()
      far.destroy()
    }
  }

  /** Forwards nothing more, and ends nothing: what packets that vanish look like. */
  silence(): void {
    this.#isSilent = true
    for (const { near, far } of this.#pairs) {
      near.pause()
      far.pause()
    }
  }

  /** Ends the cut. Connections that were silent are lost: their bytes have vanished. */
  mend(): void {
    if (this.#isSilent) this.cut()
    this.#isCut = false
    this.#isSilent = false
  }

  async close(): Promise<void> {
    this.cut()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #accept(near: Socket): void {
    if (this.#isCut) {
      near.destroy()
      return
    }
    const far = connect(this.#target, '127.0.0.1')
    const pair = { near, far }
    this.#pairs.add(pair)
    const forward = (from: Socket, to: Socket): void => {
      from.on('data', (chunk: Buffer) => to.write(chunk))
      from.on('error', () => {})
      from.on('close', () => {
        this.#pairs.delete(pair)
        // In silence the other end hears nothing of it.
        if (!this.#isSilent) to.destroy()
      })
    }
    forward(near, far)
    forward(far, near)
    if (this.#isSilent) {
      near.pause()
      far.pause()
    }
  }
}
