/**
 * Two links that hand their messages to each other, without sessions.
 */

import { type Contract, json } from 'towpath/messages'
import { VirtualClock } from '../../src/base/index.ts'
import { questionOf } from '../../src/messages/calls.ts'
import { Frame } from '../../src/protocol/index.ts'
import type { Ask } from '../../src/messages/link/ask.ts'
import { createFullLink } from '../../src/messages/link/full-link.ts'
import type { Link } from '../../src/messages/link/link.ts'
import type { LinkPort, Wire } from '../../src/messages/link/port.ts'
import { readHandlers, Server } from '../../src/messages/serve.ts'
import { readSettings } from '../../src/messages/settings.ts'

/** Both ends, and the clock of both. */
export interface LinkPair {
  readonly clock: VirtualClock
  /** Asks as the client. @param timeout in milliseconds. */
  readonly client: { readonly ask: (type: string, data: unknown, timeout: number) => Ask }
}

const NO_ITEMS = { uploadOf: null, createSink: null }

/** Serves `handlers` on one end. */
export function linkPair(contract: Contract, handlers: object): LinkPair {
  const clock = new VirtualClock()
  const links: { client?: Link; server?: Link } = {}
  const portTo = (side: 'client' | 'server'): LinkPort => ({
    clock,
    trySend: (wire: Wire) => {
      links[side]?.take(typeof wire === 'string' ? new Frame.Text(wire) : new Frame.Binary(wire))
      return 'sent'
    },
    send: () => Promise.resolve(),
    turn: () => null,
    fail: (code, message) => {
      throw new Error(`Cannot go on: ${code} ${message}`)
    },
    owner: {},
    requests: undefined,
    report: (error) => {
      throw error
    },
  })
  const settingsOf = (side: 'client' | 'server') => ({
    ...readSettings(side, contract, {}),
    codec: json,
  })
  const client = createFullLink(portTo('server'), settingsOf('client'))
  const server = createFullLink(portTo('client'), settingsOf('server'))
  Object.assign(links, { client, server })
  void new Server(server, readHandlers(server, handlers)).run()
  return {
    clock,
    client: {
      ask: (type, data, timeout) =>
        client.asks.ask(questionOf(client, type, data, { timeout }, NO_ITEMS)),
    },
  }
}
