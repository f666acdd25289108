/**
 * The reasons for refused upgrades, as events and counters name them.
 */

/** Why an upgrade was refused. */
export type RefusalReason =
  /** The request is not a valid opening handshake (400, 426). */
  | 'handshake'
  /** A parameter of the path has invalid percent-encoding (400). */
  | 'parameters'
  /** The application is stopping (503). */
  | 'stopping'
  /** The `Origin` is not allowed (403). */
  | 'origin'
  /** An interceptor returned a `Response`. */
  | 'interceptor'
  /** The headers exceed `maxHeaderCount` or `maxHeaderSize` (431). */
  | 'headers'
  /** `maxUpgradesPerSecond` (503). */
  | 'rate'
  /** `maxConnections` (503). */
  | 'connections'
  /** `maxConnectionsPerAddress` (429). */
  | 'address'
  /** `maxSocketsPerConnection` of HTTP/2 (429). */
  | 'connection'
  /** `memoryBudget` (503). */
  | 'memory'
  /** The client offered none of the route's subprotocols, and the route requires one (400). */
  | 'protocol'
  /** The application's own code threw (500). */
  | 'failure'
  /** `handshakeTimeout` passed (503). */
  | 'timeout'
  /** The client left before the decision, so it saw no answer. */
  | 'abandoned'
