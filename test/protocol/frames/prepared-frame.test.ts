import { expect, it } from 'vitest'
import { Frame, PreparedFrame } from '../../../src/protocol/index.ts'

it('PreparedFrame gives nobody its bytes', () => {
  const prepared: object = Frame.prepare(new Uint8Array(8))

  expect(prepared).toBeInstanceOf(PreparedFrame)
  expect(Object.keys(prepared)).toEqual(['frameType'])
})
