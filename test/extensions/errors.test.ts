import { expect, it } from 'vitest'
import { CompressionRatioError, ExtensionConflictError } from '../../src/extensions/errors.ts'

it('ExtensionConflictError says who claims what', () => {
  const error = new ExtensionConflictError('install WebSockets', ['a', 'b'], 'RSV1')

  expect(error).toMatchObject({
    name: 'ExtensionConflictError',
    code: 'TOWPATH_EXTENSION_CONFLICT',
    message: 'Cannot install WebSockets: extensions "a" and "b" both claim RSV1, expected one',
  })
})

it('CompressionRatioError fails a session with 1009', () => {
  expect(new CompressionRatioError(2_000_000, 100)).toMatchObject({
    name: 'CompressionRatioError',
    code: 'TOWPATH_COMPRESSION_RATIO',
    closeCode: 1009,
    size: 2_000_000,
    maxRatio: 100,
  })
})
