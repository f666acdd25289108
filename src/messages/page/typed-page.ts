/**
 * `typedPage`: typed messages over a session of a page, in as few bytes as the page can do with.
 */

import type { ClientSession } from '../../client/index.ts'
import { type AskParts, askOver, sendEvent, settled, trySendEvent } from '../calls.ts'
import type { Contract, ContractShape } from '../contract-shape.ts'
import { Link } from '../link/link.ts'
import { readSession } from '../link/read-session.ts'
import { sessionPort } from '../link/session-port.ts'
import { ACT, agreedCodec, claim } from '../settings.ts'
import { type FeatureName, type PageParts, partsOf } from './features.ts'
import { readPageSettings } from './page-settings.ts'
import type { PageOptions, PageSession } from './page-types.ts'

/**
 * Speaks `contract` over `session`, as `typed` does, with what `features` name beside events and
 * requests. A page validates nothing.
 *
 * @param contract of `contractOf`.
 * @throws {TypeError} as `typed`.
 */
export function typedPage<C extends ContractShape, Name extends FeatureName = never>(
  session: ClientSession,
  contract: Contract<C>,
  options: PageOptions<Name> = {},
): PageSession<C, Name> {
  const parts = partsOf(options.features ?? [])
  const settings = readPageSettings(options)
  const codec = agreedCodec(contract, session.protocol, options.codecs)
  claim('session', session)
  const link = new Link(
    sessionPort(ACT, session),
    { ...settings, codec },
    { createChecks: null, createAnswers: parts.createAnswers ?? null },
  )
  void readSession(session, link)
  // The untyped form of all typed ones: what a page sends, its compiler checks.
  return messagesOf(link, parts, session) as unknown as PageSession<C, Name>
}

function messagesOf(link: Link, parts: PageParts, session: ClientSession): object {
  const { uploadOf = null, streamOver, serverOf } = parts
  const asking: AskParts = { uploadOf, createSink: null }
  type Ask = [type: string, data: unknown, options?: object]
  const request = (...[type, data, options]: Ask): Promise<unknown> =>
    askOver(link, type, data, options, asking)
  return {
    incoming: link.incoming,
    get unknownEvents() {
      return link.unknownEvents
    },
    send: (...[type, data, options]: Ask) => sendEvent(link, type, data, options),
    trySend: (type: string, data: unknown) => trySendEvent(link, type, data),
    request,
    requestCatching: (...ask: Ask) => settled(request(...ask)),
    ...(streamOver && {
      stream: (...[type, data, options]: Ask) => streamOver(link, type, data, options, uploadOf),
    }),
    ...(serverOf && { serve: (handlers: object) => serverOf(link, handlers).runIn(session) }),
  }
}
