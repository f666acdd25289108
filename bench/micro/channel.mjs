/** The channel: a value through a filled one, through a loop, and handed over to a waiting receiver. */

import { Channel } from '../../dist/channels/channel.js'

const COUNT = 32

export const title = 'channel'

export const cases = [
  { name: 'trySend, tryReceive', run: tryBoth(new Channel()) },
  {
    name: `${COUNT} × await send, then ${COUNT} × await receive`,
    run: fillAndDrain(new Channel()),
  },
  { name: `${COUNT} × send, then a for await that leaves`, run: fillAndLoop(new Channel()) },
  { name: 'receive waits, send serves it', run: handOver(new Channel()) },
]

function tryBoth(channel) {
  return () => {
    channel.trySend(1)
    return channel.tryReceive()
  }
}

function fillAndDrain(channel) {
  return async () => {
    for (let n = 0; n < COUNT; n++) await channel.send(n)
    for (let n = 0; n < COUNT; n++) await channel.receive()
  }
}

function fillAndLoop(channel) {
  return async () => {
    for (let n = 0; n < COUNT; n++) await channel.send(n)
    for await (const n of channel) if (n === COUNT - 1) break
  }
}

function handOver(channel) {
  return async () => {
    const received = channel.receive()
    await channel.send(1)
    return received
  }
}
