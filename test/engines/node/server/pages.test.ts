import { describe, expect, it } from 'vitest'

import { createApplication } from '../../../../src/application/index.ts'
import { addPage, pageAt } from '../../../../src/engines/node/server/pages.ts'

describe('pageAt()', () => {
  it('finds a page by its path, without a query and with one slash at the end', () => {
    const app = createApplication()
    const page = (): void => {}
    addPage(app, '/towpath', page)

    expect(['/towpath', '/towpath?a=/b', '/towpath/'].map((target) => pageAt(app, target))).toEqual(
      [page, page, page],
    )
    expect(['/towpath//', '/', '/towpaths', '*'].map((target) => pageAt(app, target))).toEqual([
      null,
      null,
      null,
      null,
    ])
    expect(pageAt(createApplication(), '/towpath')).toBe(null)
  })
})
