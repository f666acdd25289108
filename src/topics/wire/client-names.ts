/**
 * The names of clients: chosen by the server and signed, so that nobody can go on as somebody else.
 */

const ID_BYTES = 12
const MAX_TOKEN_LENGTH = 128
const UTF8 = new TextEncoder()

/** Signs and recognises names under one secret. */
export class ClientNames {
  readonly #key: ReturnType<typeof crypto.subtle.importKey>
  readonly #random: (target: Uint8Array) => Uint8Array

  /** @param secret the same in all processes; `null`: a random one. */
  constructor(secret: string | null, random: (target: Uint8Array) => Uint8Array) {
    this.#random = random
    const bytes = secret === null ? random(new Uint8Array(32)) : UTF8.encode(secret)
    const algorithm = { name: 'HMAC', hash: 'SHA-256' }
    // A copy: random bytes may be a view of something shared.
    this.#key = crypto.subtle.importKey('raw', bytes.slice(), algorithm, false, ['sign', 'verify'])
  }

  /** A new name. @returns it, and what the client shows to go on under it. */
  async create(): Promise<{ readonly id: string; readonly client: string }> {
    const id = toUrlBase64(this.#random(new Uint8Array(ID_BYTES)))
    const signature = await crypto.subtle.sign('HMAC', await this.#key, UTF8.encode(id))
    return { id, client: `${id}.${toUrlBase64(new Uint8Array(signature))}` }
  }

  /** The name that `client` was given with; `null` when it was not. */
  async recognise(client: string): Promise<string | null> {
    const [id, signature, ...rest] = client.split('.')
    if (id === undefined || signature === undefined || rest.length > 0) return null
    const bytes = client.length > MAX_TOKEN_LENGTH ? null : fromUrlBase64(signature)
    if (bytes === null) return null
    const isOurs = await crypto.subtle.verify('HMAC', await this.#key, bytes, UTF8.encode(id))
    return isOurs ? id : null
  }
}

function toUrlBase64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')
}

function fromUrlBase64(text: string): Uint8Array<ArrayBuffer> | null {
  if (!/^[A-Za-z0-9_-]+$/.test(text)) return null
  try {
    const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'))
    return Uint8Array.from(binary, (character) => character.charCodeAt(0))
  } catch {
    return null // a length that no bytes have
  }
}
