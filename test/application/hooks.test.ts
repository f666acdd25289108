import { describe, expect, it } from 'vitest'

import { createApplication } from '../../src/application/index.ts'
import { addHooks, hooksOf } from '../../src/application/hooks.ts'

describe('hooksOf()', () => {
  it('returns a list that grows with each plugin, one for each application', () => {
    const app = createApplication()
    const hooks = hooksOf(app)
    const one = {}
    const two = {}

    addHooks(app, one)
    addHooks(app, two)

    expect(hooks).toEqual([one, two])
    expect(hooksOf(createApplication())).toEqual([])
  })
})
