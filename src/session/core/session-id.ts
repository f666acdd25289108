/**
 * The ids of sessions.
 */

import type { Environment } from '../../base/internal.ts'

const ID_BYTES = 16

/** Returns 16 random bytes in base64url: unique for each session. */
export function createSessionId({ random }: Pick<Environment, 'random'>): string {
  const base64 = btoa(String.fromCharCode(...random(new Uint8Array(ID_BYTES))))
  return base64.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}
