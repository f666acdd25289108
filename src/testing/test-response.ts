/**
 * What an application answered to a request to upgrade, as a test looks at it.
 */

import type { UpgradeOutcome } from '../application/index.ts'
import { noSuchPath } from '../application/internal.ts'

/** An HTTP answer. */
export interface TestResponse {
  /** 101 for an upgrade; the refusal's otherwise; 404 when no route has the path. */
  readonly status: number

  /** The headers of the answer; several cookies by `headers.getSetCookie()`. */
  readonly headers: Headers

  /** The body as text (UTF-8); `''` for an upgrade, and when there is none. */
  readonly body: string
}

/** The answer that `outcome` comes to. */
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
