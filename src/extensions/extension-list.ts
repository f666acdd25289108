/**
 * The list of extensions of a route or a client: checks it, and negotiates it in the handshake (RFC
 * 6455 §9.1).
 */

import { type ExtensionOffer, formatExtensions, isToken } from '../protocol/internal.ts'
import { ExtensionConflictError } from './errors.ts'
import type { Extension, ExtensionAgreement, ExtensionParameters } from './extension.ts'

/** A negotiated extension. */
export interface AgreedExtension {
  readonly name: string
  readonly reservedBits: number
  readonly agreement: ExtensionAgreement
}

const NONE: readonly AgreedExtension[] = []

/** RSV1 to RSV3. */
const ALL_BITS = 7

/**
 * Checks the option `extensions`; returns `fallback` when it is absent. The list is copied.
 *
 * @param act what cannot be done otherwise, such as `install WebSockets`.
 * @throws {TypeError} for anything but a list of extensions; {ExtensionConflictError} for two that
 *   conflict.
 */
export function readExtensions(
  act: string,
  value: readonly Extension[] | undefined,
  fallback: readonly Extension[],
): readonly Extension[] {
  if (value === undefined) return fallback
  if (!Array.isArray(value)) {
    throw new TypeError(`Cannot ${act}: option "extensions" is not a list, expected a list`)
  }
  const extensions: Extension[] = []
  for (const each of value as readonly unknown[]) {
    if (!isExtension(each)) {
      throw new TypeError(
        `Cannot ${act}: option "extensions" has an invalid element, expected extensions such as permessageDeflate()`,
      )
    }
    for (const other of extensions) requireCompatible(act, other, each)
    extensions.push(each)
  }
  return extensions
}

/** Throws for the option by which ws and Bun know compression, and names ours. */
export function requireNoPerMessageDeflate(act: string, options: object): void {
  if (!('perMessageDeflate' in options)) return
  throw new TypeError(
    `Cannot ${act}: unknown option "perMessageDeflate", expected extensions: [permessageDeflate()]`,
  )
}

/** For a server: negotiates the client's offers, in the order of `installed`. */
export function acceptOffers(
  installed: readonly Extension[],
  offers: readonly ExtensionOffer[],
): readonly AgreedExtension[] {
  let all = NONE
  for (const extension of installed) {
    const own = offers.filter(({ name }) => name === extension.name)
    const agreement = own.length === 0 ? null : extension.accept(own.map(parametersOf))
    if (agreement === null) continue
    const alone = agreedAlone(extension, agreement)
    all = all.length === 0 ? alone : [...all, ...alone]
  }
  return all
}

/** The last agreement of each extension, in the list of a session that has no other extension. */
const LAST = new WeakMap<Extension, readonly AgreedExtension[]>()

/** Returns the same list for the same agreement: every session keeps its list. */
function agreedAlone(
  extension: Extension,
  agreement: ExtensionAgreement,
): readonly AgreedExtension[] {
  const last = LAST.get(extension)
  if (last?.[0]?.agreement === agreement) return last
  const list = [agreed(extension, agreement)]
  LAST.set(extension, list)
  return list
}

/** Returns the `Sec-WebSocket-Extensions` of a server's response; `null` without agreements. */
export function answerHeader(extensions: readonly AgreedExtension[]): string | null {
  if (extensions.length === 0) return null
  return formatExtensions(
    extensions.map(({ name, agreement }) => ({ name, parameters: agreement.parameters })),
  )
}

/** For a client: returns all offers, in order of preference. */
export function offersOf(installed: readonly Extension[]): readonly ExtensionOffer[] {
  return installed.flatMap((extension) =>
    extension.offer().map((parameters) => ({ name: extension.name, parameters })),
  )
}

/**
 * For a client: negotiates the server's answers, in the order of `installed`.
 *
 * @param answers the accepted extensions, each of which was offered and occurs once
 *   (`checkServerResponse`).
 * @returns `null` when an answer is invalid: the handshake fails.
 */
export function agreeAnswers(
  installed: readonly Extension[],
  answers: readonly ExtensionOffer[],
): readonly AgreedExtension[] | null {
  const all: AgreedExtension[] = []
  for (const extension of installed) {
    const answer = answers.find(({ name }) => name === extension.name)
    if (answer === undefined) continue
    const agreement = extension.agree(answer.parameters)
    if (agreement === null) return null
    all.push(agreed(extension, agreement))
  }
  return all
}

function agreed({ name, reservedBits }: Extension, agreement: ExtensionAgreement): AgreedExtension {
  return { name, reservedBits, agreement }
}

function parametersOf({ parameters }: ExtensionOffer): ExtensionParameters {
  return parameters
}

function isExtension(value: unknown): value is Extension {
  if (typeof value !== 'object' || value === null) return false
  const { name, reservedBits, accept, offer, agree } = value as Partial<Extension> // each is looked at below
  const isNamed = typeof name === 'string' && isToken(name)
  const hasBits = typeof reservedBits === 'number' && (reservedBits & ALL_BITS) === reservedBits
  return isNamed && hasBits && [accept, offer, agree].every((each) => typeof each === 'function')
}

function requireCompatible(act: string, first: Extension, second: Extension): void {
  const names = [first.name, second.name] as const
  if (first.name === second.name) throw new ExtensionConflictError(act, names, 'the name')
  const both = first.reservedBits & second.reservedBits
  if (both === 0) return
  const bit = (both & 4) !== 0 ? 'RSV1' : (both & 2) !== 0 ? 'RSV2' : 'RSV3'
  throw new ExtensionConflictError(act, names, bit)
}
