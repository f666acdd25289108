/**
 * What the nodes and the clients of the kill test agree on.
 */

import { minutes } from 'towpath'
import { natsBroker } from 'towpath/brokers/nats'
import { redisBroker } from 'towpath/brokers/redis'
import { type Broker, defineTopic } from 'towpath/topics'

export const NAMESPACE = 'kill'

/** The log keeps everything, so that the whole of it can be compared. */
export const KILL = defineTopic('kill/:topic', {
  history: { size: 100_000, age: minutes(60) },
})

/** @param addresses `host:port`, one or several. */
export function brokerOf(name: string, addresses: readonly string[]): Broker {
  if (name === 'redis') return redisBroker({ url: `redis://${addresses[0] ?? ''}` })
  return natsBroker({ servers: addresses })
}
