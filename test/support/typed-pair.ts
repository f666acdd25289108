/**
 * Both ends of a typed session, in memory.
 */

import { WebSockets, type WebSocketRouteOptions, type WebSocketServerSession } from 'towpath'
import {
  type Contract,
  type ContractShape,
  typed,
  type TypedOptions,
  type TypedSession,
} from 'towpath/messages'
import { type TestApplication, type TestSession, withTestApplication } from 'towpath/testing'
import { Deferred } from '../../src/base/internal.ts'

/** What a test of a pair is given. */
export interface TypedPair<C extends ContractShape> {
  readonly t: TestApplication
  readonly client: TypedSession<C, 'client'>
  readonly server: TypedSession<C, 'server'>
  /** The session below `client`. */
  readonly session: TestSession
  /** The session below `server`, whose handler lasts as long as the test. */
  readonly served: WebSocketServerSession
}

/** How the ends of a pair are set up. */
export interface PairOptions {
  readonly client?: TypedOptions
  readonly server?: TypedOptions
  readonly route?: WebSocketRouteOptions
}

/** Runs `block` with both ends of one session. */
export async function withPair<C extends ContractShape>(
  contract: Contract<C>,
  block: (pair: TypedPair<C>) => Promise<void>,
  options: PairOptions = {},
): Promise<void> {
  await withServer(
    contract,
    async (t, server, served) => {
      const session = await t.connect('/', { protocols: contract.protocols })
      const client = typed(session, contract, options.client)
      await block({ t, client, session, server: await server, served: await served })
    },
    options,
  )
}

/** Runs `block` with an application whose first client has `server` at the other end. */
export async function withServer<C extends ContractShape>(
  contract: Contract<C>,
  block: (
    t: TestApplication,
    server: Promise<TypedSession<C, 'server'>>,
    served: Promise<WebSocketServerSession>,
  ) => Promise<void>,
  options: PairOptions = {},
): Promise<void> {
  const opened = new Deferred<{
    readonly server: TypedSession<C, 'server'>
    readonly served: WebSocketServerSession
  }>()
  const over = new Deferred<void>()
  await withTestApplication(async (t) => {
    t.application.install(WebSockets)
    t.application.routing((route) => {
      const routeOptions = { protocols: contract.protocols, ...options.route }
      route.webSocket('/', routeOptions, async (session) => {
        opened.resolve({ server: typed(session, contract, options.server), served: session })
        await over.promise
      })
    })
    try {
      const { promise } = opened
      await block(
        t,
        promise.then(({ server }) => server),
        promise.then(({ served }) => served),
      )
    } finally {
      over.resolve()
    }
  })
}
