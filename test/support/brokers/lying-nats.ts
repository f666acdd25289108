/**
 * A NATS that lies: its streams are changed behind the back of the nodes.
 */

import { connect, headers, type NatsConnection } from '@nats-io/transport-node'
import { NatsNames, tokenOf } from '../../../src/brokers/nats/nats-names.ts'
import type { Lie, LiePlace, LyingEngine } from '../../suites/brokers/lying-suite.ts'
import { harnessOf, NatsServers } from './nats-harness.ts'

const TIMEOUT_MS = 10_000

/** One server with JetStream, for one lie. */
export async function createLyingNats(): Promise<LyingEngine> {
  const servers = await NatsServers.start()
  const harness = await harnessOf(servers, {}, () => servers.end())
  return {
    harness,
    async lie(lie, place) {
      const client = await connect({ servers: `127.0.0.1:${servers.ports[0]}` })
      try {
        await tell(client, lie, { ...place, namespace: await namespaceOn(client) })
      } finally {
        await client.close()
      }
    },
  }
}

/** The namespace of the only kind on the server: the harness extends the one of the test. */
async function namespaceOn(client: NatsConnection): Promise<string> {
  const answer = await client.request('$JS.API.STREAM.NAMES', '{}', { timeout: TIMEOUT_MS })
  const { streams = [] } = answer.json<{ streams?: string[] }>()
  for (const stream of streams) {
    const [, namespace, kind] = stream.split('=', 3)
    if (namespace !== undefined && kind !== undefined) return namespace
  }
  throw new Error('Cannot lie: the server has no stream of topics, expected one')
}

async function tell(client: NatsConnection, lie: Lie, place: LiePlace): Promise<void> {
  const { namespace, topic, kind, offsets } = place
  const names = new NatsNames(namespace).kind(kind)
  const live = `${names.live}.${tokenOf(topic)}`
  const request = async (subject: string, message: string): Promise<void> => {
    await client.request(subject, message, { timeout: TIMEOUT_MS })
  }
  const ask = (operation: string, question: unknown): Promise<void> =>
    request(`$JS.API.${operation}.${names.stream}`, JSON.stringify(question))
  /** An event as the stream would republish it. */
  const forge = async (facts: Readonly<Record<string, string>>): Promise<void> => {
    const all = headers()
    for (const [name, value] of Object.entries(facts)) all.set(name, value)
    client.publish(live, 'alien', { headers: all })
    await client.flush()
  }
  const next = { 'Nats-Sequence': '900', 'Nats-Last-Sequence': `${offsets[3]}` }
  switch (lie) {
    case 'the newest two events vanish from the log':
      for (const seq of offsets.slice(2)) await ask('STREAM.MSG.DELETE', { seq })
      break
    case 'an event in the middle vanishes':
      await ask('STREAM.MSG.DELETE', { seq: offsets[1] })
      break
    case 'another program stores bytes in the log':
      await request(`${names.stored}.${tokenOf(topic)}`, 'alien')
      break
    case 'another program publishes bytes as live events':
      client.publish(live, 'alien')
      await forge({ 'Nats-Stream': names.stream, 'Nats-Sequence': 'x', 'Nats-Last-Sequence': '1' })
      break
    case 'a live event names another epoch':
      await forge({ ...next, 'Nats-Stream': 'another' })
      break
    case 'a live event has an offset far above the head':
      await forge({ ...next, 'Nats-Stream': names.stream })
      break
    case 'the metadata names another epoch':
      await request(names.marker, '{"epoch":"another"}')
      break
    case 'everything vanishes':
      await ask('STREAM.PURGE', {})
  }
}
