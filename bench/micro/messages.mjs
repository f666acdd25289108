/**
 * A validated request, there and back, in one thread and without sockets: two links that hand their
 * frames to each other, beside the same work in a loop that is written by hand.
 */

import { Frame } from '../../dist/index.js'
import { json } from '../../dist/messages/codec.js'
import { compiledOf, defineContract } from '../../dist/messages/contract.js'
import { createFullLink } from '../../dist/messages/link/full-link.js'
import { readHandlers, Server } from '../../dist/messages/serve.js'
import { readSettings } from '../../dist/messages/settings.js'

export const title = 'messages'

/** A schema that costs next to nothing: what is measured is ours. */
const room = {
  '~standard': {
    version: 1,
    vendor: 'bench',
    validate: (value) =>
      typeof value?.room === 'string'
        ? { value: { room: value.room } }
        : { issues: [{ message: 'Expected a room' }] },
  },
}

const contract = defineContract({
  name: 'bench',
  client: { history: { request: room, response: room } },
})
compiledOf('bench', contract)

export const cases = [
  { name: 'parse, validate, answer, by hand', run: byHand },
  { name: 'one request over two links', run: overLinks() },
]

function byHand() {
  const asked = JSON.parse(JSON.stringify({ type: 'history', id: 1, data: { room: 'a' } }))
  const { value } = room['~standard'].validate(asked.data)
  const answer = room['~standard'].validate(value).value
  return JSON.parse(JSON.stringify({ type: '.response', id: asked.id, data: answer }))
}

function overLinks() {
  const clock = { now: () => 0, setTimer: () => ({ [Symbol.dispose]() {} }) }
  const links = {}
  const portTo = (side) => ({
    clock,
    trySend: (text) => {
      links[side].take(new Frame.Text(text))
      return 'sent'
    },
    send: () => Promise.resolve(),
    fail: (code) => {
      throw new Error(`Cannot go on: ${code}`)
    },
    report: (error) => {
      throw error
    },
  })
  for (const [side, other] of [
    ['client', 'server'],
    ['server', 'client'],
  ]) {
    links[side] = createFullLink(portTo(other), {
      ...readSettings(side, contract, {}),
      codec: json,
    })
  }
  const handlers = readHandlers(links.server, { history: (data) => data })
  void new Server(links.server, handlers).run()
  const entry = compiledOf('bench', contract).client.get('history')
  const question = {
    type: 'history',
    entry,
    data: { room: 'a' },
    startUpload: null,
    createSink: null,
    timeout: 30_000,
    signal: null,
  }
  return () => links.client.asks.ask(question).result
}
