import { expect, it } from 'vitest'
import { systemError } from '../../../../src/engines/node/transports/system-error.ts'

it('systemError() has the code, the number and the call, as errors of Node have', () => {
  const error = systemError(-32, 'write')

  expect(error).toMatchObject({ code: 'EPIPE', errno: -32, syscall: 'write' })
  expect(error.message).toBe('Cannot write: the connection failed with EPIPE')
})
