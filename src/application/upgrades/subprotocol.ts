/**
 * Agreeing on a subprotocol with the client (RFC 6455 §1.9, §4.2.2).
 */

import { isThenable, kindOf } from '../../base/internal.ts'
import { isToken } from '../../protocol/internal.ts'
import type { ApplicationCall, SubprotocolChooser } from '../application.ts'

/** What a route speaks: tokens in our order of preference, or a function; an empty list is nothing at all. */
export type SubprotocolChoice = readonly string[] | SubprotocolChooser

/**
 * Checks the option `protocols`; `fallback` when it is absent.
 *
 * @throws {TypeError} for anything but a function or a list of different tokens.
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
    throw new TypeError(`Cannot ${act}: option "protocols" has a name twice, expected each once`)
  }
  return names
}

/**
 * The subprotocol for `call`, one of `offered`; `null` for none. Names are compared as they are, with
 * their case. Fails with what a chooser fails with, and a `TypeError` when it chose what was not offered; a
 * promise comes of a chooser that gives one.
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
  // A client fails the connection over a name that it did not offer (§4.1), so this never leaves us.
  if (offered.includes(chosen)) return chosen
  throw new TypeError(
    'Cannot choose a subprotocol that was not offered, expected one of the offered or null',
  )
}

/** RFC 6455 §4.1 demands tokens of RFC 9110 §5.6.2. */
function readName(act: string, name: unknown): string {
  if (typeof name === 'string' && isToken(name)) return name
  const shown = typeof name === 'string' ? `"${name}"` : kindOf(name)
  throw new TypeError(
    `Cannot ${act}: option "protocols" has ${shown}, expected a token (letters, digits and !#$%&'*+-.^_\`|~)`,
  )
}
