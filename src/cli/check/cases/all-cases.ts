/**
 * The list of cases.
 */

import type { Role } from '../../../protocol/index.ts'
import type { CheckCase, FrameCase } from '../check-case.ts'
import type { Http2ServerCase } from '../http2/http2-case.ts'
import { type ClientHandshakeCase, clientHandshakeCases } from './client-handshake.ts'
import { closingCases } from './closing.ts'
import { compressionCases } from './compression.ts'
import { deflateOfferCases } from './deflate-offers.ts'
import { fragmentationCases } from './fragmentation.ts'
import { framingCases } from './framing.ts'
import { handshakeCases } from './handshake.ts'
import { http2Cases } from './http2.ts'
import { limitCases } from './limits.ts'
import { pingCases } from './pings.ts'
import { slowCases } from './slow-bytes.ts'
import { smugglingCases } from './smuggling.ts'
import { utf8Cases } from './utf8.ts'

/** Returns the cases about frames for a peer in `role`: Towpath's own tests run them too. */
export function frameCases(role: Role): FrameCase[] {
  return [
    ...framingCases(role),
    ...pingCases(),
    ...fragmentationCases(),
    ...utf8Cases(),
    ...closingCases(),
    ...limitCases(role),
    ...(role === 'server' ? compressionCases() : []),
  ]
}

/** Returns all cases for a client. Compression is as the client offers it. */
export function clientCases(): (FrameCase | ClientHandshakeCase)[] {
  const compression = compressionCases().filter(
    ({ offer }) => offer === undefined || offer === 'permessage-deflate',
  )
  return [...clientHandshakeCases(), ...frameCases('client'), ...compression]
}

/** Returns all cases for a server, in the order in which they run: large ones last. */
export function serverCases(): CheckCase[] {
  const frames = frameCases('server')
  const isHeavy = ({ family }: FrameCase): boolean =>
    family === 'limits' || family === 'compression'
  return [
    ...handshakeCases(),
    ...smugglingCases(),
    ...deflateOfferCases(),
    ...frames.filter((each) => !isHeavy(each)),
    ...slowCases(frames),
    ...frames.filter(isHeavy),
  ]
}

/** Returns all cases for a server over HTTP/2: the requests of RFC 8441, and the same frames. */
export function http2ServerCases(): Http2ServerCase[] {
  const frames = serverCases().filter((each) => each.kind === 'frames')
  return [...http2Cases(), ...frames]
}
