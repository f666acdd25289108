import { describe, expect, it } from 'vitest'

import { PackageMissingError } from '../../src/packages/errors.ts'

describe('PackageMissingError', () => {
  it('says in one sentence what to install', () => {
    const cause = new Error('not found')
    const error = new PackageMissingError('install ForwardedHeaders', 'forwarded-parse', { cause })

    expect(error.message).toBe(
      'Cannot install ForwardedHeaders: package "forwarded-parse" is not installed, expected npm install forwarded-parse',
    )
    expect(error).toMatchObject({
      name: 'PackageMissingError',
      code: 'TOWPATH_PACKAGE_MISSING',
      packageName: 'forwarded-parse',
      cause,
    })
  })
})
