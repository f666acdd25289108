/** Errors of the operating system, like those of Node's own streams. */

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
