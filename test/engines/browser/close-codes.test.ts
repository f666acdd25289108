import { describe, expect, it } from 'vitest'
import { requireBrowserCode } from '../../../src/engines/browser/close-codes.ts'
import { CloseReason } from '../../../src/protocol/index.ts'

describe('requireBrowserCode()', () => {
  it('requireBrowserCode() lets 1000 and 3000 to 4999 pass', () => {
    for (const code of [1000, 3000, 4000, 4999]) {
      expect(() => requireBrowserCode(new CloseReason(code))).not.toThrow()
    }
  })

  it('requireBrowserCode() refuses all others with RangeError', () => {
    for (const code of [0, 999, 1001, 1005, 1006, 1011, 1015, 2999, 5000]) {
      expect(() => requireBrowserCode(new CloseReason(code))).toThrow(
        new RangeError(`Cannot send close code ${code} in a browser, expected 1000 or 3000–4999`),
      )
    }
  })
})
