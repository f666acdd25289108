/**
 * Decides one request that has a route: head, handshake, limits, origin, interceptors, subprotocol,
 * extensions.
 *
 * The application's code runs only for requests that are valid handshakes (RFC 6455 §4.2). The
 * promises of that code are awaited in functions of their own, so that a synchronous decision
 * creates no closures.
 */

import type { Environment } from '../../base/internal.ts'
import { acceptOffers, type AgreedExtension } from '../../extensions/internal.ts'
import type { Application, Interceptor } from '../application.ts'
import type { AsyncContext } from '../async-context.ts'
import { parseOrigin } from '../calls/authority.ts'
import type { CallHost, UpgradeCall } from '../calls/call.ts'
import type { WebSocketRoute } from '../routing/route-scope.ts'
import type { RouteTree } from '../routing/route-tree.ts'
import type { SessionDependencies } from '../sessions/server-session.ts'
import { intercept } from './interception.ts'
import { type Handshake, readHandshake } from './opening-handshake.ts'
import { mayConnect } from './origin-policy.ts'
import { refuse, type Refusal, refuseWhileStopping, refuseWith } from './refusal.ts'
import { type RefusedOrigins, showOrigin } from './refused-origins.ts'
import { chooseSubprotocol } from './subprotocol.ts'

/** What upgrades need from their application. */
export interface UpgradeDependencies extends SessionDependencies, CallHost {
  readonly application: Application
  readonly routes: RouteTree<WebSocketRoute>
  readonly refusedOrigins: RefusedOrigins
}

/** A request with its route, to be decided. */
export interface RoutedRequest {
  readonly dependencies: UpgradeDependencies
  readonly call: UpgradeCall
  readonly environment: Environment
  /** Whether the parameters of the path could be decoded. */
  readonly hasParameters: boolean
  /** Counts the connection; returns the refusal if it is not admitted. */
  admit(): Refusal | null
  /** See `UpgradeAccepted.abandon`. */
  abandon(failure: unknown): void
}

/** What the session of an accepted upgrade needs. */
export interface Acceptance {
  readonly type: 'accepted'
  readonly handshake: Handshake
  readonly protocol: string | null
  readonly extensions: readonly AgreedExtension[]
}

/** A refusal, or everything that the session needs. */
export type Decision = Refusal | Acceptance

/** Shared by all sessions without extensions. */
const NO_EXTENSIONS: readonly AgreedExtension[] = []

/** Returns a promise only if the origin rule, an interceptor or the chooser is asynchronous. */
export function decide(routed: RoutedRequest): Decision | Promise<Decision> {
  const { dependencies, call } = routed
  const tooLarge = dependencies.admission().refusalOfHeaders(call.raw.rawHeaders)
  if (tooLarge !== null) return tooLarge
  const handshake = readHandshake(call.raw)
  if ('reason' in handshake) return handshake
  if (!routed.hasParameters) {
    return refuse(400, 'parameters', 'Cannot upgrade: the path has invalid percent-encoding')
  }
  return refusalWhileStopping(routed) ?? routed.admit() ?? checkOrigin(routed, handshake)
}

function refusalWhileStopping({ dependencies }: RoutedRequest): Refusal | null {
  const reconnectHints = dependencies.reconnectHints()
  return reconnectHints === null ? null : refuseWhileStopping(reconnectHints)
}

function checkOrigin(routed: RoutedRequest, handshake: Handshake): Decision | Promise<Decision> {
  const { call } = routed
  const allowed = mayConnect(call.route.origins, handshake.origin, call)
  if (allowed instanceof Promise) return checkOriginLater(routed, handshake, allowed)
  return allowed ? runInterceptors(routed, handshake) : refuseOrigin(routed, handshake.origin)
}

async function checkOriginLater(
  routed: RoutedRequest,
  handshake: Handshake,
  deciding: Promise<boolean>,
): Promise<Decision> {
  const allowed = await deciding
  return allowed ? runInterceptors(routed, handshake) : refuseOrigin(routed, handshake.origin)
}

function refuseOrigin(
  { dependencies, call, environment }: RoutedRequest,
  header: string | null,
): Refusal {
  const page = showOrigin(header === null ? null : parseOrigin(header))
  const server = showOrigin(call.origin)
  dependencies.refusedOrigins.refused(page, server, call.route.path, environment.clock.now())
  const sentence = `Cannot upgrade: pages of ${page} may not connect to ${server}, expected an origin that the option "origins" of the server allows`
  // Both origins were parsed, so they contain no raw input. `nosniff` forbids reading them as HTML.
  return refuse(403, 'origin', sentence, { headers: [['x-content-type-options', 'nosniff']] })
}

function runInterceptors(
  routed: RoutedRequest,
  handshake: Handshake,
): Decision | Promise<Decision> {
  const interceptors = routed.call.route.interceptors()
  if (interceptors.length > 0) return interceptLater(routed, handshake, interceptors)
  return refusalWhileStopping(routed) ?? agreeProtocol(routed, handshake)
}

async function interceptLater(
  routed: RoutedRequest,
  handshake: Handshake,
  interceptors: readonly Interceptor[],
): Promise<Decision> {
  const { call } = routed
  const { refusal, context } = await intercept(interceptors, call)
  if (refusal !== null) return refuseWith(refusal)
  call.context = context
  const stopping = refusalWhileStopping(routed)
  return stopping ?? agreeProtocolIn(context, routed, handshake)
}

function agreeProtocolIn(
  context: AsyncContext,
  routed: RoutedRequest,
  handshake: Handshake,
): Decision | Promise<Decision> {
  return context.run(() => agreeProtocol(routed, handshake))
}

function agreeProtocol(
  { call }: RoutedRequest,
  handshake: Handshake,
): Decision | Promise<Decision> {
  const { route } = call
  const chosen = chooseSubprotocol(route.protocols, handshake.protocols, call)
  if (!(chosen instanceof Promise)) return agree(route, handshake, chosen)
  return agreeLater(route, handshake, chosen)
}

async function agreeLater(
  route: WebSocketRoute,
  handshake: Handshake,
  choosing: Promise<string | null>,
): Promise<Decision> {
  return agree(route, handshake, await choosing)
}

function agree(route: WebSocketRoute, handshake: Handshake, protocol: string | null): Decision {
  if (protocol === null && route.requireProtocol) {
    return refuse(
      400,
      'protocol',
      'Cannot upgrade: Sec-WebSocket-Protocol offers no subprotocol of this path',
    )
  }
  return { type: 'accepted', handshake, protocol, extensions: agreeExtensions(route, handshake) }
}

/** Raw sessions show frames as they travel, so they have no extensions. */
function agreeExtensions(
  { kind, extensions }: WebSocketRoute,
  handshake: Handshake,
): readonly AgreedExtension[] {
  if (kind === 'raw' || extensions.length === 0) return NO_EXTENSIONS
  return acceptOffers(extensions, handshake.extensions)
}
