import { describe, expect, it } from 'vitest'

import { missing } from './frameworks.ts'

const skipped = missing(
  'graphql-ws',
  '@trpc/server',
  '@orpc/server',
  'y-websocket',
  'aedes',
  'mqtt',
  '@stomp/stompjs',
)

/** Runs one example of `interop/`, which returns what its client has received. */
async function received(name: string): Promise<unknown> {
  // An example is JavaScript, as a user would write it.
  const example = (await import(`./interop/${name}.mjs`)) as { run(): Promise<unknown> }
  return example.run()
}

describe.skipIf(skipped !== null)('towpath/interop', () => {
  it('carries subscriptions of graphql-ws', async () => {
    expect(await received('graphql-ws')).toEqual([3, 2, 1])
  })

  it('carries queries and subscriptions of tRPC', async () => {
    expect(await received('trpc')).toEqual([42, 3, 2, 1])
  })

  it('carries calls and streams of oRPC, at both ends', async () => {
    expect(await received('orpc')).toEqual([42, 3, 2, 1])
  })

  it('carries documents of Yjs between providers of y-websocket', async () => {
    expect(await received('yjs')).toBe('Slowly the barge')
  })

  it('carries MQTT between aedes and mqtt.js', async () => {
    expect(await received('mqtt')).toBe('lock/7/level: 1.62 m')
  })

  it('carries STOMP of @stomp/stompjs', async () => {
    expect(await received('stomp')).toBe('HELLO')
  })
})
