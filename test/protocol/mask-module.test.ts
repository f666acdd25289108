import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { maskModule } from '../../tools/mask-module.ts'

it('mask-module.ts is what tools/mask.wat assembles to', async () => {
  const path = new URL('../../src/protocol/mask-module.ts', import.meta.url)

  expect(readFileSync(path, 'utf8')).toBe(await maskModule())
})
