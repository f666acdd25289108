import { describe, expect, it } from 'vitest'

import {
  readOrder,
  readReport,
  wrapMessage,
} from '../../../../src/engines/node/workers/messages.ts'

const REPORT = { kind: 'listening', host: '127.0.0.1', port: 80 } as const
const ORDER = {
  kind: 'stop',
  times: { lead: 0, grace: 1, timeout: 2, reconnectWithin: 3 },
} as const

describe('wrapMessage()', () => {
  it('puts a message under a name that is ours', () => {
    expect(wrapMessage(REPORT)).toEqual({ 'towpath:worker': REPORT })
  })
})

describe('readReport()', () => {
  it('gives the report of a worker', () => {
    expect(readReport(wrapMessage(REPORT))).toEqual(REPORT)
  })

  it('gives null for orders, and for what the program itself has sent', () => {
    for (const other of [wrapMessage(ORDER), null, undefined, 'listening', 7, {}, REPORT]) {
      expect(readReport(other)).toBeNull()
    }
  })
})

describe('readOrder()', () => {
  it('gives the order of the primary', () => {
    expect(readOrder(wrapMessage(ORDER))).toEqual(ORDER)
  })

  it('gives null for reports, and for what the program itself has sent', () => {
    for (const other of [wrapMessage(REPORT), null, undefined, 'stop', 7, {}, ORDER]) {
      expect(readOrder(other)).toBeNull()
    }
  })
})
