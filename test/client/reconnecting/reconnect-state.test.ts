import { describe, expect, it } from 'vitest'

import { VirtualClock } from '../../../src/base/index.ts'
import type { ClientSession } from '../../../src/client/index.ts'
import {
  type ConnectionState,
  ObservableState,
} from '../../../src/client/reconnecting/reconnect-state.ts'

const connecting = (attempt: number): ConnectionState => ({
  type: 'connecting',
  attempt,
  setback: null,
})
const CLOSED: ConnectionState = {
  type: 'closed',
  end: { why: 'closed', setback: null, cause: null, unsent: 0 },
}

describe('ObservableState', () => {
  it('shows the present state, and then each that comes', async () => {
    const state = new ObservableState<ClientSession>(connecting(1), new VirtualClock())
    const states = state.iterate()

    expect(state.value).toEqual(connecting(1))
    expect(await states.next()).toEqual({ done: false, value: connecting(1) })
    const next = states.next()
    state.value = connecting(2)
    expect(await next).toEqual({ done: false, value: connecting(2) })
    expect(state.value).toEqual(connecting(2))
  })

  it('shows the latest to each that is slow', async () => {
    const state = new ObservableState<ClientSession>(connecting(1), new VirtualClock())
    const [slow, slower] = [state.iterate(), state.iterate()]
    await slow.next()

    for (let attempt = 2; attempt <= 1_000; attempt++) state.value = connecting(attempt)

    expect((await slow.next()).value).toEqual(connecting(1_000))
    expect((await slower.next()).value).toEqual(connecting(1_000))
  })

  it('ends after "closed", for those who come later too', async () => {
    const state = new ObservableState<ClientSession>(connecting(1), new VirtualClock())
    const early = state.iterate()
    state.value = CLOSED

    for (const states of [early, state.iterate()]) {
      expect(await states.next()).toEqual({ done: false, value: CLOSED })
      expect(await states.next()).toEqual({ done: true, value: undefined })
    }
  })

  it('frees an iterator that is left, and a next() that waits', async () => {
    const state = new ObservableState<ClientSession>(connecting(1), new VirtualClock())
    const states = state.iterate()
    await states.next()
    const next = states.next()

    expect(await states.return?.()).toEqual({ done: true, value: undefined })

    expect(await next).toEqual({ done: true, value: undefined })
    expect(await states.next()).toEqual({ done: true, value: undefined })
    expect(states[Symbol.asyncIterator]()).toBe(states)
  })

  it('gives a channel, which may be cancelled', async () => {
    const state = new ObservableState<ClientSession>(connecting(1), new VirtualClock())
    const channel = state.watch()
    expect(await channel.receive()).toEqual(connecting(1))

    channel.cancel()
    state.value = connecting(2)

    expect(channel.isClosedForReceive).toBe(true)
  })
})
