import { describe, expect, it } from 'vitest'

import { PackageMissingError } from '../../src/packages/errors.ts'
import { loadPackage } from '../../src/packages/optional-package.ts'

describe('loadPackage()', () => {
  it('answers what a package exports', () => {
    expect(loadPackage('test', 'forwarded-parse')).toBeTypeOf('function')
  })

  it('throws PackageMissingError, which names a package that is not there', () => {
    const load = (): unknown => loadPackage('install Example', 'towpath-has-no-such-package')

    expect(load).toThrow(PackageMissingError)
    expect(load).toThrow(
      'Cannot install Example: package "towpath-has-no-such-package" is not installed, expected npm install towpath-has-no-such-package',
    )
  })
})
