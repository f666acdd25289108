import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { describe, expect, it } from 'vitest'

import { createEnvironment } from '../../../../src/engines/node/environment.ts'
import { OwedAnswers } from '../../../../src/engines/node/upgrades/owed-answers.ts'
import { TransportChoice } from '../../../../src/engines/node/transports/transport-choice.ts'
import { answerUnclaimed } from '../../../../src/engines/node/upgrades/unclaimed-upgrade.ts'
import type { UpgradeServer } from '../../../../src/engines/node/upgrades/upgrade-listener.ts'
import { WaitingSocket } from '../../../../src/engines/node/upgrades/waiting-socket.ts'
import { listen, RawClient } from '../../../support/loopback.ts'
import { scriptedApplication } from '../../../support/scripted-application.ts'

const HOST: UpgradeServer = {
  application: scriptedApplication(() => ({ type: 'unclaimed' })),
  environment: createEnvironment(),
  transports: new TransportChoice('stream'),
  owed: new OwedAnswers(createServer()),
  hasRivals: false,
  unclaimed() {},
}

/** What a client gets that asks for `protocol`; `leave` runs before the answer. */
async function ask(protocol: string, leave: (stream: Duplex) => void = () => {}): Promise<string> {
  const server = createServer((_, response) =>
    response.setHeader('connection', 'close').end('plain'),
  )
  server.on('upgrade', (request: IncomingMessage, stream: Duplex, head: Buffer) => {
    const waiting = new WaitingSocket(stream)
    leave(stream)
    setImmediate(() => answerUnclaimed(HOST, server, { request, stream, head }, waiting))
  })
  await using client = await RawClient.connect(await listen(server))
  client.send(`GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: ${protocol}\r\n\r\n`)
  await client.ended
  client.socket.end()
  server.close()
  await once(server, 'close')
  return client.text
}

describe('answerUnclaimed()', () => {
  it('answers 404 to what asked for a WebSocket', async () => {
    expect(await ask('websocket')).toMatch(/^HTTP\/1\.1 404 Not Found\r\n/)
  })

  it('lets the server answer what asked for something else', async () => {
    expect(await ask('h2c')).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*plain$/)
  })

  it('lets go of a client that has left', async () => {
    expect(await ask('websocket', (stream) => stream.destroy())).toBe('')
  })
})
