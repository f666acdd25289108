/**
 * Chooses the subprotocol of a session (RFC 6455 §1.9, §4.2.2).
 */

import { isThenable, kindOf } from '../../base/internal.ts'
import { isToken } from '../../protocol/internal.ts'
import type { ApplicationCall, SubprotocolChooser } from '../application.ts'

/** The subprotocols of a route in order of preference, or a function. An empty list: none. */
export type SubprotocolChoice = readonly string[] | SubprotocolChooser

/**
 * Checks the option `protocols`. Returns `fallback` if it is absent.
 *
 * @throws {TypeError} for anything but a function or a list of distinct tokens.
 */
export function readSubprotocols(
  act: string,
  choice: SubprotocolChoice | undefined,
  fallback: SubprotocolChoice,
): SubprotocolChoice {
  if (choice === undefined) return fallback
  if (typeof choice === 'function') return choice
  if (!Array.isArray(choice)) {
    throw new TypeError(
      `Cannot ${act}: option "protocols" is ${kindOf(choice)}, expected a list of names or a function`,
    )
  }
  const names = choice.map((name: unknown) => readName(act, name))
  if (new Set(names).size < names.length) {
    throw new TypeError(
      `Cannot ${act}: option "protocols" has a duplicate name, expected distinct names`,
    )
  }
  return names
}

/**
 * Chooses one of `offered` for `call`, or `null`. Names are case-sensitive. Returns a promise if
 * the chooser does. Throws or rejects with the chooser's error, and with a `TypeError` if the
 * chosen name was not offered.
 */
export function chooseSubprotocol(
  choice: SubprotocolChoice,
  offered: readonly string[],
  call: ApplicationCall,
): string | null | Promise<string | null> {
  if (offered.length === 0) return null
  if (typeof choice !== 'function') return choice.find((name) => offered.includes(name)) ?? null
  const chosen = choice(offered, call)
  if (isThenable(chosen)) {
    return Promise.resolve(chosen).then((later) => requireOffered(offered, later))
  }
  return requireOffered(offered, chosen)
}

function requireOffered(
  offered: readonly string[],
  chosen: string | null | undefined,
): string | null {
  if (chosen === null || chosen === undefined) return null
  // A client fails the connection over a name that it did not offer (§4.1).
  if (offered.includes(chosen)) return chosen
  throw new TypeError(
    'Cannot choose a subprotocol: the chosen name was not offered, expected an offered name or null',
  )
}

/** Names must be tokens (RFC 6455 §4.1, RFC 9110 §5.6.2). */
function readName(act: string, name: unknown): string {
  if (typeof name === 'string' && isToken(name)) return name
  const shown = typeof name === 'string' ? `"${name}"` : kindOf(name)
  throw new TypeError(
    `Cannot ${act}: option "protocols" has ${shown}, expected a token (letters, digits and !#$%&'*+-.^_\`|~)`,
  )
}
