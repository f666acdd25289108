/**
 * An environment without a real clock: time moves when a test says so, randomness repeats itself.
 */

import { setMaxListeners } from 'node:events'
import { rootContext } from '../../src/application/internal.ts'
import type { Environment } from '../../src/base/internal.ts'
import { TimerWheel } from '../../src/base/internal.ts'
import { VirtualClock } from '../../src/base/index.ts'
import { MemoryLink, type MemoryLinkOptions } from '../../src/engines/memory/internal.ts'
import type { Transport } from '../../src/session/index.ts'
import { Peer } from './peer.ts'

/** Resolves when everything that has begun has come to rest: one whole turn of the event loop. */
export function settled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}

/** An environment on a virtual clock. */
export function memoryEnvironment(): Environment & { readonly clock: VirtualClock } {
  const clock = new VirtualClock({ settle: settled })
  let next = 1
  const timers = new TimerWheel(clock)
  return {
    clock,
    timers,
    waitingTimers: timers,
    random: (target) => {
      for (let index = 0; index < target.length; index++) target[index] = next++ & 255
      return target
    },
    defer: (task, argument) => process.nextTick(task, argument),
    deferPastIo: (task, argument) => process.nextTick(task, argument),
    unlimitListeners: (signal) => setMaxListeners(0, signal),
    runDetached: (task) => rootContext.run(task),
    deferPastTurn: (task, argument) => void setImmediate(task, argument),
  }
}

/** The server's transport, and a peer at the other end of it. */
export function memoryPeer(
  environment: Environment,
  options?: MemoryLinkOptions,
): { readonly peer: Peer; readonly link: MemoryLink; readonly transport: Transport } {
  const link = new MemoryLink(environment, options)
  const client = link.client
  const peer = new Peer({
    write: (bytes) => void client.write(bytes),
    end: () => client.end(),
    reset: () => link.reset(),
    pause: () => client.pause(),
    resume: () => client.resume(),
  })
  client.start({
    receive: (bytes) => peer.inbox.push(bytes.slice()),
    unread: () => {},
    receiveEnd: () => peer.inbox.end(),
    drained: () => {},
    closed: (cause) => peer.carrierClosed(cause),
  })
  return { peer, link, transport: link.server }
}
