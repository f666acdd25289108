/**
 * The four parameters of permessage-deflate (RFC 7692 §7.1): reading them, and what both sides make
 * of them.
 *
 * Everything here is a function of its arguments. What is not allowed gives `null`, and nothing
 * throws.
 */

import type { ExtensionParameters } from './extension.ts'

/** What one side wants, or what both have agreed on. Windows are in bits, 8 to 15. */
export interface DeflateParameters {
  /** Whether the server begins each message with an empty window. */
  readonly serverNoContextTakeover: boolean
  readonly clientNoContextTakeover: boolean
  /** The server's window for compressing. */
  readonly serverMaxWindowBits: number
  readonly clientMaxWindowBits: number
}

/** What is said in one offer or answer; a window that is not mentioned is `null`. */
interface Said {
  readonly serverNoContextTakeover: boolean
  readonly clientNoContextTakeover: boolean
  readonly serverMaxWindowBits: number | null
  /** `'supported'`: mentioned without a value, as only an offer may do (§7.1.2.2). */
  readonly clientMaxWindowBits: number | 'supported' | null
}

/** The smallest and the largest window, as the power of 2 of its bytes. */
export const MIN_WINDOW_BITS = 8
export const MAX_WINDOW_BITS = 15

/** A window without leading zeros, as §7.1.2 writes it. */
const WINDOW_BITS = /^(?:[89]|1[0-5])$/

/** What a server makes of an offer: what holds, and what it answers. */
export interface AcceptedOffer {
  readonly agreed: DeflateParameters
  readonly answer: ExtensionParameters
}

/**
 * For a server: what comes of one offer; `null` if it is to be declined.
 *
 * The server may ask for less memory than the client offers (§7.1.1, §7.1.2), but for a limit on
 * the client's window only if the client has mentioned that.
 */
export function acceptOffer(
  offer: ExtensionParameters,
  wanted: DeflateParameters,
): AcceptedOffer | null {
  const said = read(offer)
  if (said === null) return null
  const agreed = {
    serverNoContextTakeover: said.serverNoContextTakeover || wanted.serverNoContextTakeover,
    clientNoContextTakeover: said.clientNoContextTakeover || wanted.clientNoContextTakeover,
    serverMaxWindowBits: Math.min(
      said.serverMaxWindowBits ?? MAX_WINDOW_BITS,
      wanted.serverMaxWindowBits,
    ),
    clientMaxWindowBits: acceptedClientWindow(said.clientMaxWindowBits, wanted.clientMaxWindowBits),
  }
  return { agreed, answer: answerOf(agreed, said.serverMaxWindowBits !== null) }
}

/**
 * 15 bits is what holds when nobody mentions a window; but a client that asked has to be told
 * (§7.1.2.1).
 */
function answerOf(agreed: DeflateParameters, serverWindowWasOffered: boolean): ExtensionParameters {
  const parameters: Array<readonly [string, string | null]> = []
  if (agreed.serverNoContextTakeover) parameters.push(['server_no_context_takeover', null])
  if (agreed.clientNoContextTakeover) parameters.push(['client_no_context_takeover', null])
  const { serverMaxWindowBits, clientMaxWindowBits } = agreed
  if (serverWindowWasOffered || serverMaxWindowBits < MAX_WINDOW_BITS) {
    parameters.push(['server_max_window_bits', String(serverMaxWindowBits)])
  }
  if (clientMaxWindowBits < MAX_WINDOW_BITS) {
    parameters.push(['client_max_window_bits', String(clientMaxWindowBits)])
  }
  return parameters
}

/**
 * For a client: what to offer. What asks the server for something may be refused by it, so a second
 * offer does without.
 */
export function offersFor(wanted: DeflateParameters): readonly ExtensionParameters[] {
  const { serverMaxWindowBits, clientMaxWindowBits } = wanted
  const own: Array<readonly [string, string | null]> = []
  if (wanted.clientNoContextTakeover) own.push(['client_no_context_takeover', null])
  own.push([
    'client_max_window_bits',
    clientMaxWindowBits < MAX_WINDOW_BITS ? String(clientMaxWindowBits) : null,
  ])

  const asked: Array<readonly [string, string | null]> = []
  if (wanted.serverNoContextTakeover) asked.push(['server_no_context_takeover', null])
  if (serverMaxWindowBits < MAX_WINDOW_BITS) {
    asked.push(['server_max_window_bits', String(serverMaxWindowBits)])
  }
  return asked.length === 0 ? [own] : [[...asked, ...own], own]
}

/**
 * For a client: what a server's answer to `offersFor(wanted)` comes to; `null` if none of the
 * offers allows it.
 */
export function acceptAnswer(
  answer: ExtensionParameters,
  wanted: DeflateParameters,
): DeflateParameters | null {
  const said = read(answer)
  if (said === null) return null
  const { serverMaxWindowBits, clientMaxWindowBits } = said
  if (clientMaxWindowBits === 'supported') return null // only an offer may omit the value
  return {
    serverNoContextTakeover: said.serverNoContextTakeover,
    clientNoContextTakeover: said.clientNoContextTakeover || wanted.clientNoContextTakeover,
    serverMaxWindowBits: serverMaxWindowBits ?? MAX_WINDOW_BITS,
    // The value in our offer is a hint that a server may ignore, and any window up to the one that
    // the server allows is a valid choice for compressing (§7.1.2.2): we keep the smaller of the
    // two.
    clientMaxWindowBits: Math.min(
      clientMaxWindowBits ?? MAX_WINDOW_BITS,
      wanted.clientMaxWindowBits,
    ),
  }
}

function acceptedClientWindow(said: Said['clientMaxWindowBits'], wanted: number): number {
  if (said === null) return MAX_WINDOW_BITS // the client may not know how to use less
  return said === 'supported' ? wanted : Math.min(said, wanted)
}

/**
 * Reads the parameters; `null` for one that is unknown, is there twice, or has a value that it may
 * not have (§7.1).
 */
function read(parameters: ExtensionParameters): Said | null {
  const values = new Map<string, string | null>()
  for (const [name, value] of parameters) {
    if (values.has(name) || !isAllowed(name, value)) return null
    values.set(name, value)
  }
  return {
    serverNoContextTakeover: values.has('server_no_context_takeover'),
    clientNoContextTakeover: values.has('client_no_context_takeover'),
    serverMaxWindowBits: bitsOf(values.get('server_max_window_bits')),
    clientMaxWindowBits:
      values.get('client_max_window_bits') === null
        ? 'supported'
        : bitsOf(values.get('client_max_window_bits')),
  }
}

function bitsOf(value: string | null | undefined): number | null {
  return typeof value === 'string' ? Number(value) : null
}

function isAllowed(name: string, value: string | null): boolean {
  switch (name) {
    case 'server_no_context_takeover':
    case 'client_no_context_takeover':
      return value === null
    case 'server_max_window_bits':
      return value !== null && WINDOW_BITS.test(value)
    case 'client_max_window_bits':
      return value === null || WINDOW_BITS.test(value)
    default:
      return false
  }
}
