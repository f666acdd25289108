import { CloseReason } from 'towpath'
import { describe, expect, it, vi } from 'vitest'
import { closeWith, reportTo } from '../../../src/messages/link/session-port.ts'

describe('closeWith()', () => {
  it('closes with the code', async () => {
    const close = vi.fn<(reason?: CloseReason) => Promise<void>>(() => Promise.resolve())
    closeWith({ close }, 1007, 'why')

    expect(close.mock.calls).toEqual([[new CloseReason(1007, 'why')]])
  })

  it.each([1003, 1007, 1008, 1011])(
    'M-06 M-07 closes from a page with 3000 more than %d',
    async (code) => {
      const close = vi.fn((reason: CloseReason | undefined) => {
        // As browsers do.
        if (reason !== undefined && reason.code < 3000) throw new RangeError('refused')
        return Promise.resolve()
      })
      closeWith({ close }, code, 'why')

      expect(close).toHaveBeenLastCalledWith(new CloseReason(code + 3000, 'why'))
    },
  )
})

describe('reportTo()', () => {
  it('writes one line to the logger', () => {
    const logger = { error: vi.fn() }
    const err = new Error('broken')
    reportTo(logger, err, 'say')

    expect(logger.error.mock.calls).toEqual([
      [{ type: 'say', err }, 'Typed message handler failed'],
    ])
  })

  it('writes to the console where there is no logger', () => {
    const error = vi.spyOn(console, 'error').mockImplementation(() => {})
    reportTo(null, 'broken', 'say')

    expect(error).toHaveBeenCalledTimes(1)
    error.mockRestore()
  })

  it('never throws', () => {
    const logger = {
      error: () => {
        throw new Error('full')
      },
    }

    expect(() => reportTo(logger, 'broken', 'say')).not.toThrow()
  })
})
