import { describe, expect, it } from 'vitest'

import { createApplication } from '../../src/application/index.ts'
import { addHooks, hooksOf } from '../../src/application/hooks.ts'

describe('hooksOf()', () => {
  it('returns a list that grows with each plugin, one for each application', () => {
    const app = createApplication()
    const hooks = hooksOf(app)

    addHooks(app, {})
    addHooks(app, { upgradeEnds: () => {} })

    expect(hooks).toEqual([{}, { upgradeEnds: expect.any(Function) }])
    expect(hooksOf(createApplication())).toEqual([])
  })
})
