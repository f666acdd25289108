/** permessage-deflate (RFC 7692): the extension and its negotiation. */

import {
  type CompressionBudget,
  deflateContextBytes,
  inflateContextBytes,
} from './compression-budget.ts'
import {
  readDeflateOptions,
  type DeflateSettings,
  type PermessageDeflateOptions,
} from './deflate-options.ts'
import {
  acceptAnswer,
  type AcceptedOffer,
  acceptOffer,
  type DeflateParameters,
  MAX_WINDOW_BITS,
  offersFor,
} from './deflate-parameters.ts'
import {
  DeflateSession,
  type DeflateTerms,
  directionsOf,
  RSV1,
  termsOf,
} from './deflate-session.ts'
import type {
  Extension,
  ExtensionAgreement,
  ExtensionContext,
  ExtensionParameters,
} from './extension.ts'
import { chooseEngine } from './self-test.ts'

/** The installed extension that compresses messages. */
export interface PermessageDeflate extends Extension {
  /** The budget for its memory. */
  readonly budget: CompressionBudget
}

/**
 * Makes the extension that compresses messages. One may serve any number of routes and
 * applications.
 *
 * RFC 7692; Ktor: `WebSocketDeflateExtension`.
 *
 * @throws {TypeError | RangeError} for an unknown or invalid option.
 *
 * @example <!-- prelude
 * import { type Application, WebSockets, permessageDeflate } from 'towpath'
 * declare const app: Application
 * -->
 * ```ts
 * app.install(WebSockets, { extensions: [permessageDeflate({ threshold: 1024 })] })
 * ```
 */
export function permessageDeflate(options: PermessageDeflateOptions = {}): PermessageDeflate {
  return new Deflate(readDeflateOptions(options))
}

class Deflate implements PermessageDeflate {
  readonly name = 'permessage-deflate'
  readonly reservedBits: number = RSV1
  readonly #settings: DeflateSettings
  /** Of a server, by their parameters: a session keeps its agreement. */
  readonly #agreements = new Map<string, ExtensionAgreement>()

  constructor(settings: DeflateSettings) {
    this.#settings = settings
  }

  get budget(): CompressionBudget {
    return this.#settings.budget
  }

  accept(offers: readonly ExtensionParameters[]): ExtensionAgreement | null {
    const settings = this.#settings
    const isTight = this.#isTight()
    const wanted = isTight
      ? { ...settings, serverNoContextTakeover: true, clientNoContextTakeover: true }
      : settings
    for (const offer of offers) {
      const accepted = acceptOffer(offer, wanted)
      if (accepted === null) continue
      if (isTight) this.budget.countSession()
      return this.#sharedAgreement(accepted)
    }
    return null
  }

  offer(): readonly ExtensionParameters[] {
    const settings = this.#settings
    // The server's own context can be left out without asking the client.
    const serverNoContextTakeover = settings.serverNoContextTakeover || this.#isTight()
    return offersFor({ ...settings, serverNoContextTakeover })
  }

  agree(answer: ExtensionParameters): ExtensionAgreement | null {
    const agreed = acceptAnswer(answer, this.#settings)
    return agreed === null ? null : this.#agreement(agreed, answer)
  }

  /** Returns the agreement of all sessions with the same parameters. There are few of these. */
  #sharedAgreement({ agreed, answer }: AcceptedOffer): ExtensionAgreement {
    const key = JSON.stringify([agreed, answer])
    const agreement = this.#agreements.get(key) ?? this.#agreement(agreed, answer)
    this.#agreements.set(key, agreement)
    return agreement
  }

  #agreement(agreed: DeflateParameters, parameters: ExtensionParameters): ExtensionAgreement {
    const settings = this.#settings
    const directions = directionsOf(agreed)
    // The terms live as long as their context: the agreement may outlive its sessions.
    const known = new WeakMap<ExtensionContext, DeflateTerms>()
    return {
      parameters,
      open: (context) => {
        let terms = known.get(context)
        if (terms === undefined) {
          terms = termsOf(settings, chooseEngine(settings.engine), directions, context)
          known.set(context, terms)
        }
        return new DeflateSession(terms)
      },
    }
  }

  /** Whether the budget has no room for another session. */
  #isTight(): boolean {
    const { serverMaxWindowBits, memoryLevel } = this.#settings
    // A client that does not offer a window uses 15 bits.
    const needed =
      deflateContextBytes(serverMaxWindowBits, memoryLevel) + inflateContextBytes(MAX_WINDOW_BITS)
    return !this.budget.hasRoom(needed)
  }
}
