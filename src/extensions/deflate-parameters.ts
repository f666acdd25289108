/**
 * The four parameters of permessage-deflate (RFC 7692 §7.1): reading and negotiating them.
 *
 * All functions are pure. Invalid parameters return `null`; nothing throws.
 */

import type { ExtensionParameters } from './extension.ts'

/** Parameters that one side wants, or that were negotiated. Windows are in bits, 8 to 15. */
export interface DeflateParameters {
  /** Whether the server starts each message with an empty window. */
  readonly serverNoContextTakeover: boolean
  readonly clientNoContextTakeover: boolean
  /** The server's window for compressing. */
  readonly serverMaxWindowBits: number
  readonly clientMaxWindowBits: number
}

/** The parameters in one offer or answer; an absent window is `null`. */
interface Said {
  readonly serverNoContextTakeover: boolean
  readonly clientNoContextTakeover: boolean
  readonly serverMaxWindowBits: number | null
  /** `'supported'`: present without a value, which only an offer may do (§7.1.2.2). */
  readonly clientMaxWindowBits: number | 'supported' | null
}

/** The smallest and the largest window, as the power of 2 of its bytes. */
export const MIN_WINDOW_BITS = 8
export const MAX_WINDOW_BITS = 15

/** A window without leading zeros, as §7.1.2 requires. */
const WINDOW_BITS = /^(?:[89]|1[0-5])$/

/** A server's answer to an offer: the negotiated parameters, and the parameters of the answer. */
export interface AcceptedOffer {
  readonly agreed: DeflateParameters
  readonly answer: ExtensionParameters
}

/**
 * For a server: negotiates one offer; `null` declines it.
 *
 * The server may ask for less memory than the client offers (§7.1.1, §7.1.2). It may limit the
 * client's window only if the client has offered that.
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
 * Without a parameter the window has 15 bits; but a client that asked must get an answer
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
 * For a client: returns the offers. A server may decline requests to it, so the second offer
 * contains none.
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
 * For a client: negotiates the server's answer to `offersFor(wanted)`; `null` if no offer allows
 * the answer.
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
    // The value in the client's offer is a hint that a server may ignore, and any window up to the
    // one that the server allows is valid for compressing (§7.1.2.2): the client uses the smaller
    // one.
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

/** Reads the parameters; `null` if one is unknown, repeated, or has an invalid value (§7.1). */
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
