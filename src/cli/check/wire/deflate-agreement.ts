/**
 * The agreement on permessage-deflate in the response of a server (RFC 7692 §7.1).
 */

import type { DeflateAgreement } from './answer-messages.ts'
import { elementsOf, type ResponseHead } from './http-head.ts'

/** What a server has agreed to. */
export interface ServerAgreement extends DeflateAgreement {
  /** Whether the client may refer to earlier messages. */
  readonly clientHasTakeover: boolean
}

/** A response that no offer allows. */
export interface AgreementProblem {
  /** Safe to print. */
  readonly problem: string
}

const NAME = 'permessage-deflate'

/** Parameters that have a value. */
const WINDOWS = ['server_max_window_bits', 'client_max_window_bits']
const SWITCHES = ['server_no_context_takeover', 'client_no_context_takeover']

type Parameters = ReadonlyMap<string, string>

/** @returns `null` if the server uses no compression. */
export function agreementOf(
  offer: string,
  response: ResponseHead,
): ServerAgreement | AgreementProblem | null {
  const chosen = elementsOf(response, 'sec-websocket-extensions').filter((each) =>
    each.startsWith(NAME),
  )
  const [first] = chosen
  if (first === undefined) return null
  if (chosen.length > 1) return { problem: 'it accepts permessage-deflate twice (§9.1)' }
  const answer = parametersOf(first)
  if (answer === null) return { problem: 'its parameters of permessage-deflate are invalid' }
  const invalid = [...answer].find(([name, value]) => !isValid(name, value))
  if (invalid !== undefined) {
    return { problem: 'its permessage-deflate has a parameter that is invalid (RFC 7692 §7.1)' }
  }
  const offers = offer.split(',').map((each) => parametersOf(each) ?? new Map<string, string>())
  if (!offers.some((each) => isAllowed(each, answer))) {
    return { problem: 'it agrees to permessage-deflate as no offer allows (RFC 7692 §7.1)' }
  }
  const bits = answer.get('server_max_window_bits')
  return {
    windowBits: bits === undefined ? 15 : Number(bits),
    hasTakeover: !answer.has('server_no_context_takeover'),
    clientHasTakeover: !answer.has('client_no_context_takeover'),
  }
}

/** Whether a client that made this offer may take this answer. */
function isAllowed(offer: Parameters, answer: Parameters): boolean {
  if ([...offer.keys()].some((name) => ![...WINDOWS, ...SWITCHES].includes(name))) return false
  const offeredBits = offer.get('server_max_window_bits')
  const bits = answer.get('server_max_window_bits')
  // Without the parameter, the window has 15 bits.
  const isWithin =
    offeredBits === undefined ||
    (offeredBits === '15' && bits === undefined) ||
    (bits !== undefined && isValid('server_max_window_bits', offeredBits) && +bits <= +offeredBits)
  const isReset =
    !offer.has('server_no_context_takeover') || answer.has('server_no_context_takeover')
  const limit = offer.get('client_max_window_bits')
  const clientBits = answer.get('client_max_window_bits')
  const mayLimit =
    clientBits === undefined || (limit !== undefined && (limit === '' || +clientBits <= +limit))
  return isWithin && isReset && mayLimit
}

function isValid(name: string, value: string): boolean {
  if (SWITCHES.includes(name)) return value === ''
  return WINDOWS.includes(name) && /^([89]|1[0-5])$/.test(value)
}

/** @returns `null` if a parameter is there twice. */
function parametersOf(element: string): Parameters | null {
  const parameters = new Map<string, string>()
  for (const part of element.split(';').slice(1)) {
    const [name = '', value = ''] = part.split('=').map((each) => each.trim())
    if (parameters.has(name)) return null
    parameters.set(name, value.replaceAll(/^"|"$/g, ''))
  }
  return parameters
}
