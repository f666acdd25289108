/**
 * Errors of the operating system, as Node's own streams give them.
 */

import { getSystemErrorName } from 'node:util'

/** The error of a call that answered `status`, an error number below 0. */
export function systemError(status: number, act: string): Error {
  const code = getSystemErrorName(status)
  return Object.assign(new Error(`Cannot ${act}: the connection failed with ${code}`), {
    code,
    errno: status,
    syscall: act,
  })
}
