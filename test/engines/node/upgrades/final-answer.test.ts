import { describe, expect, it } from 'vitest'
import { VirtualClock } from '../../../../src/base/index.ts'
import { TimerWheel } from '../../../../src/base/internal.ts'
import { connectionFacts } from '../../../../src/engines/node/transports/connection-facts.ts'
import { createEnvironment } from '../../../../src/engines/node/environment.ts'
import { answerAndEnd } from '../../../../src/engines/node/upgrades/final-answer.ts'
import { StreamTransport } from '../../../../src/engines/node/transports/stream-transport.ts'
import { RawClient, socketPair } from '../../../support/loopback.ts'

const ANSWER = Buffer.from('HTTP/1.1 403 Forbidden\r\n\r\n')

describe('answerAndEnd()', () => {
  it('writes the answer and FIN, reads what still comes, and lets the client end', async () => {
    await using pair = await socketPair()
    const client = new RawClient(pair.connecting)
    const transport = new StreamTransport(
      pair.accepted,
      Buffer.alloc(0),
      connectionFacts(pair.accepted),
    )

    answerAndEnd(createEnvironment(), transport, ANSWER)
    client.send('x'.repeat(200_000))
    await client.ended
    client.socket.end()

    expect(await client.closed).toBe(null)
    expect(client.text).toBe(ANSWER.toString())
  })

  it('aborts the connection of a client that does not end within 5 seconds', async () => {
    await using pair = await socketPair()
    const client = new RawClient(pair.connecting)
    const clock = new VirtualClock()
    const environment = { ...createEnvironment(), clock, timers: new TimerWheel(clock) }
    const transport = new StreamTransport(
      pair.accepted,
      Buffer.alloc(0),
      connectionFacts(pair.accepted),
    )

    answerAndEnd(environment, transport, ANSWER)
    await client.ended
    expect(pair.accepted.destroyed).toBe(false)
    await clock.advance(5_000)

    expect(pair.accepted.destroyed).toBe(true)
  })
})
