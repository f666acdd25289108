/**
 * The names of sessions.
 */

import type { Environment } from '../../base/internal.ts'

const ID_BYTES = 16

/** 16 random bytes in base64url: different for every session there is. */
export function createSessionId({ random }: Pick<Environment, 'random'>): string {
  const base64 = btoa(String.fromCharCode(...random(new Uint8Array(ID_BYTES))))
  return base64.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}
