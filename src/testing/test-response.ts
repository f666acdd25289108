/** The response of an application to a request to upgrade, for tests. */

import type { UpgradeOutcome } from '../application/index.ts'
import { noSuchPath } from '../application/internal.ts'

/** An HTTP response. */
export interface TestResponse {
  /** 101 for an upgrade; otherwise the status of the refusal; 404 for an unknown path. */
  readonly status: number

  /** The headers of the response; use `headers.getSetCookie()` for several cookies. */
  readonly headers: Headers

  /** The body as text (UTF-8); `''` for an upgrade, and without a body. */
  readonly body: string
}

/** Makes the response of `outcome`. */
export function toTestResponse(outcome: UpgradeOutcome): TestResponse {
  if (outcome.type === 'accepted') {
    return { status: 101, headers: toHeaders(outcome.headers), body: '' }
  }
  const { status, headers, body } = outcome.type === 'refused' ? outcome : noSuchPath()
  return { status, headers: toHeaders(headers), body: new TextDecoder().decode(body) }
}

function toHeaders(list: ReadonlyArray<readonly [name: string, value: string]>): Headers {
  const headers = new Headers()
  for (const [name, value] of list) headers.append(name, value)
  return headers
}
