import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'

import {
  type OpenSettings,
  settingsOpener,
} from '../../../src/application/sessions/server-settings.ts'
import { permessageDeflate } from '../../../src/extensions/index.ts'
import { acceptOffers } from '../../../src/extensions/internal.ts'
import { DEFAULT_SETTINGS, type SessionSettings } from '../../../src/session/internal.ts'

/** Opens settings that nothing refers to afterwards. */
function openOnce(open: OpenSettings, protocol: string): WeakRef<SessionSettings> {
  return new WeakRef(open(protocol, []))
}

/** Runs the garbage collector, which is not there unless it is asked for. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc')
  const gc: () => void = runInNewContext('gc')
  gc()
}

describe('settingsOpener()', () => {
  it('gives each session its own settings, and those of its route', () => {
    const open = settingsOpener({ ...DEFAULT_SETTINGS, maxFrameSize: 1234 })

    const settings = open('v1', [])

    expect(settings.role).toBe('server')
    expect(settings.protocol).toBe('v1')
    expect(settings.extensions).toEqual([])
    expect(settings.maxFrameSize).toBe(1234)
    expect(settings.closeTimeout).toBe(DEFAULT_SETTINGS.closeTimeout)
  })

  it('keeps the settings of two routes apart', () => {
    const one = settingsOpener({ ...DEFAULT_SETTINGS, maxFragments: 1 })
    const two = settingsOpener({ ...DEFAULT_SETTINGS, maxFragments: 2 })

    const limits = [one, two].map((open) => open(null, []).maxFragments)

    expect(limits).toEqual([1, 2])
  })

  it('gives sessions that agreed on the same one object, and others another', () => {
    const open = settingsOpener(DEFAULT_SETTINGS)
    const extensions = acceptOffers(
      [permessageDeflate()],
      [{ name: 'permessage-deflate', parameters: [] }],
    )

    const one = open('v1', extensions)

    expect(extensions).toHaveLength(1)
    expect(open('v1', [...extensions])).toBe(one)
    expect(open('v1', [])).not.toBe(one)
    expect(open('v2', extensions)).not.toBe(one)
    expect(open(null, [])).toMatchObject({ protocol: null, extensions: [] })
  })

  it('keeps few settings, however many subprotocols clients invent', () => {
    const open = settingsOpener(DEFAULT_SETTINGS)
    const first = open('0', [])
    for (let name = 1; name < 100; name++) open(String(name), [])

    expect(open('0', [])).not.toBe(first)
    expect(open('99', [])).toBe(open('99', []))
  })

  it('keeps no settings for longer than their sessions: a subprotocol may be a secret', async () => {
    const open = settingsOpener(DEFAULT_SETTINGS)
    const settings = openOnce(open, 'secret')

    // What was made in this turn is strong until its end.
    await setImmediate()
    collectGarbage()

    expect(settings.deref()).toBeUndefined()
    expect(open('secret', []).protocol).toBe('secret')
  })
})
