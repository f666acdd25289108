import { describe, expect, it } from 'vitest'

import { settingsOpener } from '../../../src/application/sessions/server-settings.ts'
import { DEFAULT_SETTINGS } from '../../../src/session/internal.ts'
import { memoryEnvironment } from '../../support/memory-world.ts'

describe('settingsOpener()', () => {
  it('gives each session its own settings, and those of its route', () => {
    const open = settingsOpener({ ...DEFAULT_SETTINGS, maxFrameSize: 1234 })

    const settings = open(memoryEnvironment(), 'v1', [])

    expect(settings.role).toBe('server')
    expect(settings.protocol).toBe('v1')
    expect(settings.extensions).toEqual([])
    expect(settings.maxFrameSize).toBe(1234)
    expect(settings.closeTimeout).toBe(DEFAULT_SETTINGS.closeTimeout)
  })

  it('keeps the settings of two routes apart', () => {
    const one = settingsOpener({ ...DEFAULT_SETTINGS, maxFragments: 1 })
    const two = settingsOpener({ ...DEFAULT_SETTINGS, maxFragments: 2 })
    const environment = memoryEnvironment()

    const limits = [one, two].map((open) => open(environment, null, []).maxFragments)

    expect(limits).toEqual([1, 2])
  })

  it('gives ids of 16 bytes in base64url, another one to each session, and the same each time', () => {
    const open = settingsOpener(DEFAULT_SETTINGS)
    const environment = memoryEnvironment()
    const all = Array.from({ length: 10 }, () => open(environment, null, []))

    const ids = all.map(({ id }) => id)

    expect(new Set(ids).size).toBe(10)
    for (const id of ids) expect(id).toMatch(/^[\w-]{22}$/)
    expect(all.map(({ id }) => id)).toEqual(ids)
  })

  it('takes random bytes only for an id that is asked for', () => {
    let taken = 0
    const random = (target: Uint8Array): Uint8Array => {
      taken += target.length
      return target
    }
    const settings = settingsOpener(DEFAULT_SETTINGS)({ ...memoryEnvironment(), random }, null, [])
    const before = taken

    void settings.id
    void settings.id

    expect([before, taken]).toEqual([0, 16])
  })
})
