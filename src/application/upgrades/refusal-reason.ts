/**
 * Why an upgrade was refused, in one word: what events and counters call it.
 */

/** Why an upgrade was refused. */
export type RefusalReason =
  /** The request is no proper opening handshake (400, 426). */
  | 'handshake'
  /** A parameter of the path is wrongly percent-encoded (400). */
  | 'parameters'
  /** The application is stopping (503). */
  | 'stopping'
  /** A page of another origin (403). */
  | 'origin'
  /** An interceptor returned a `Response`. */
  | 'interceptor'
  /** Too many headers, or too large: `maxHeaderCount`, `maxHeaderSize` (431). */
  | 'headers'
  /** `maxUpgradesPerSecond` (503). */
  | 'rate'
  /** `maxConnections` (503). */
  | 'connections'
  /** `maxConnectionsPerAddress` (429). */
  | 'address'
  /** `memoryBudget` (503). */
  | 'memory'
  /** None of the route's subprotocols was offered, and it requires one (400). */
  | 'protocol'
  /** The application's own code threw (500). */
  | 'failure'
  /** `handshakeTimeout` has passed (503). */
  | 'timeout'
  /** The client left before it was decided; it saw no answer. */
  | 'abandoned'
