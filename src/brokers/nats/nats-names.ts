/**
 * The subjects and streams of a namespace in NATS.
 *
 * Letters, digits, `-` and `_` stand for themselves, every other byte of UTF-8 is `=HH`. So no name
 * holds a wildcard, a separator of subjects, or `$`, and no two names make the same token.
 */

import { createHash } from 'node:crypto'

import type { AppendIdentity } from '../../topics/index.ts'

/** Where a kind of topics is stored. */
export interface KindNames {
  readonly stream: string
  /** Every topic of the kind has a subject below it. */
  readonly stored: string
  /** The same for events that are republished. */
  readonly live: string
  /** The subject of the marker that names the epoch. */
  readonly marker: string
}

/** A longer name would make a file name that file systems refuse. */
const MAX_KIND_LENGTH = 100

/** Names of one namespace. */
export class NatsNames {
  /** The stream of the markers. */
  readonly markers: string
  /** All markers. */
  readonly allMarkers: string
  readonly #prefix: string
  readonly #namespace: string

  constructor(namespace: string) {
    this.#namespace = namespace
    this.#prefix = `towpath.${namespace}`
    this.markers = `towpath=${namespace}`
    this.allMarkers = `${this.#prefix}.e.*`
  }

  kind(id: string): KindNames {
    const kind = shortened(tokenOf(id), id)
    return {
      stream: `towpath=${this.#namespace}=${kind}`,
      stored: `${this.#prefix}.s.${kind}`,
      live: `${this.#prefix}.l.${kind}`,
      marker: `${this.#prefix}.e.${kind}`,
    }
  }

  /** The subject for a channel of the wire. */
  wire(channel: string): string {
    return `${this.#prefix}.w.${tokenOf(channel)}`
  }
}

/** One token of a subject for any name. */
export function tokenOf(name: string): string {
  if (/^[A-Za-z0-9_-]+$/.test(name)) return name
  let token = ''
  for (const byte of Buffer.from(name)) {
    const character = String.fromCharCode(byte)
    token += /[A-Za-z0-9_-]/.test(character)
      ? character
      : `=${byte.toString(16).toUpperCase().padStart(2, '0')}`
  }
  // An empty token is not allowed in a subject.
  return token === '' ? '=' : token
}

/**
 * The id by which JetStream recognises a repeated append: of a fixed length, and of letters that a
 * header may hold, whatever the application's own id is.
 */
export function messageIdOf(topic: string, identity: AppendIdentity): string {
  const parts = 'id' in identity ? [topic, identity.id] : [topic, identity.lane, identity.sequence]
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url')
}

function shortened(token: string, name: string): string {
  if (token.length <= MAX_KIND_LENGTH) return token
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 32)
  // Two digits in capitals follow `=` elsewhere.
  return `${token.slice(0, MAX_KIND_LENGTH - 40)}=h${hash}`
}
