import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

import { pageSource } from '../../tools/inspector-page.ts'

const CURRENT = new URL('../../src/inspector/page-source.ts', import.meta.url)

it('src/inspector/page-source.ts is what `npm run inspector` makes of the sources', async () => {
  expect(await pageSource()).toBe(readFileSync(CURRENT, 'utf8'))
})
