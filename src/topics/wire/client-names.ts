/**
 * The names of clients. The server chooses and signs them, so that no client can use the name of
 * another one.
 */

import { createHmac, timingSafeEqual } from 'node:crypto'

const ID_BYTES = 12
const SECRET_BYTES = 32
const MAX_LENGTH = 128

/** Signs and recognises names under one secret. */
export class ClientNames {
  readonly #secret: string | Uint8Array
  readonly #random: (target: Uint8Array) => Uint8Array

  /** @param secret the same in all processes; `null`: a random one. */
  constructor(secret: string | null, random: (target: Uint8Array) => Uint8Array) {
    this.#random = random
    this.#secret = secret ?? random(new Uint8Array(SECRET_BYTES)).slice()
  }

  /** Makes a name. @returns the name, and the signed name that the client keeps. */
  create(): { readonly id: string; readonly client: string } {
    const bytes = this.#random(new Uint8Array(ID_BYTES))
    const id = btoa(String.fromCharCode(...bytes))
      .replaceAll('+', '-')
      .replaceAll('/', '_')
    return { id, client: `${id}.${this.#sign(id).toString('base64url')}` }
  }

  /** Returns the name in a signed name; `null` if its signature is wrong. */
  recognise(client: string): string | null {
    if (client.length > MAX_LENGTH) return null
    const [id = '', signature = '', ...rest] = client.split('.')
    if (id === '' || rest.length > 0) return null
    const given = Buffer.from(signature, 'base64url')
    const expected = this.#sign(id)
    return given.length === expected.length && timingSafeEqual(given, expected) ? id : null
  }

  #sign(id: string): Buffer {
    return createHmac('sha256', this.#secret).update(id).digest()
  }
}
