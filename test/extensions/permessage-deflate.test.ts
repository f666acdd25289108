import { describe, expect, it } from 'vitest'
import { CompressionBudget, processBudget } from '../../src/extensions/compression-budget.ts'
import { MessageFrame, transform } from '../../src/extensions/message-frame.ts'
import { permessageDeflate } from '../../src/extensions/permessage-deflate.ts'
import { formatExtensions, parseExtensions } from '../../src/protocol/internal.ts'
import type { Extension, ExtensionContext } from '../../src/extensions/extension.ts'

const CONTEXT: Omit<ExtensionContext, 'role'> = {
  maxMessageSize: 1_048_576,
  schedule: () => ({ [Symbol.dispose]: () => {} }),
}

/** What a server with `extension` answers to a header; `null` if it declines. */
function answer(extension: Extension, header: string): string | null {
  const offers = (parseExtensions(header) ?? []).map(({ parameters }) => parameters)
  const agreement = extension.accept(offers)
  if (agreement === null) return null
  return formatExtensions([{ name: extension.name, parameters: agreement.parameters }])
}

describe('permessageDeflate()', () => {
  it('claims RSV1, and shares the budget of the process', () => {
    const extension = permessageDeflate()

    expect(extension).toMatchObject({ name: 'permessage-deflate', reservedBits: 4 })
    expect(extension.budget).toBe(processBudget)
  })

  it('refuses options that mean nothing', () => {
    expect(() => permessageDeflate({ level: 11 })).toThrow(RangeError)
  })

  for (const [header, expected] of [
    ['permessage-deflate', 'permessage-deflate; server_max_window_bits=12'],
    [
      'permessage-deflate; client_max_window_bits',
      'permessage-deflate; server_max_window_bits=12; client_max_window_bits=12',
    ],
    [
      'permessage-deflate; server_max_window_bits=7, permessage-deflate; server_max_window_bits=9',
      'permessage-deflate; server_max_window_bits=9',
    ],
    [
      'permessage-deflate; server_max_window_bits=10, permessage-deflate',
      'permessage-deflate; server_max_window_bits=10',
    ],
    ['permessage-deflate; unknown', null],
    ['permessage-deflate; server_max_window_bits=99, permessage-deflate; x', null],
  ] as const) {
    it(`accept() answers "${header}" with ${expected === null ? 'nothing' : `"${expected}"`}`, () => {
      expect(answer(permessageDeflate(), header)).toBe(expected)
    })
  }

  it('accept() returns one agreement for all offers with the same parameters', () => {
    const extension = permessageDeflate()
    const accepted = (header: string) =>
      extension.accept((parseExtensions(header) ?? []).map(({ parameters }) => parameters))
    const first = accepted('permessage-deflate; client_max_window_bits')

    expect(accepted('permessage-deflate; x, permessage-deflate; client_max_window_bits')).toBe(
      first,
    )
    // The same windows, but the answer must name the window that the client asked for.
    expect(accepted('permessage-deflate; server_max_window_bits=12')).not.toBe(first)
    expect(accepted('permessage-deflate')).not.toBe(first)
    expect(permessageDeflate().accept([[]])).not.toBe(accepted('permessage-deflate'))
  })

  it('accept() agrees without takeover when the budget has no room, and counts it', () => {
    const budget = new CompressionBudget(100_000)
    const extension = permessageDeflate({ budget })

    expect(answer(extension, 'permessage-deflate')).toBe(
      'permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=12',
    )
    expect(answer(extension, 'permessage-deflate; unknown')).toBeNull()
    expect(budget.sessionsWithoutTakeover).toBe(1)
  })

  it('offer() asks the server to forget when the budget has no room', () => {
    const offers = permessageDeflate({ budget: new CompressionBudget(0) }).offer()

    expect(offers[0]?.map(([name]) => name)).toEqual([
      'server_no_context_takeover',
      'server_max_window_bits',
      'client_max_window_bits',
    ])
  })

  it('agree() is null for an answer that no offer allows', () => {
    expect(permessageDeflate().agree([['client_max_window_bits', null]])).toBeNull()
  })

  it('sessions without takeover hold no memory, however many there are', async () => {
    const budget = new CompressionBudget(0)
    const extension = permessageDeflate({ budget, threshold: 0 })
    const sessions = Array.from({ length: 1000 }, () => {
      const agreement = extension.accept([[]])
      if (agreement === null) throw new Error('declined')
      return agreement.open({ ...CONTEXT, role: 'server' })
    })
    for (const session of sessions) {
      await transform(
        [session],
        'outgoing',
        new MessageFrame('text', true, true, 'x'.repeat(99), 0),
      )
    }

    expect([budget.used, budget.contexts]).toEqual([0, 0])
    for (const session of sessions) session.dispose()
  })

  it('1000 sessions that are over have given everything back, and the memory is used again', async () => {
    const budget = new CompressionBudget(Infinity)
    const extension = permessageDeflate({ budget, threshold: 0 })
    const round = async (): Promise<number> => {
      const sessions = Array.from({ length: 1000 }, () => {
        const agreement = extension.accept([[['client_max_window_bits', null]]])
        if (agreement === null) throw new Error('declined')
        return agreement.open({ ...CONTEXT, role: 'server' })
      })
      for (const session of sessions) {
        const frame = new MessageFrame('text', true, true, 'x'.repeat(99), 0)
        await transform([session], 'outgoing', frame)
        const message = new MessageFrame('text', true, true, frame.payload, 4)
        await transform([session], 'incoming', message)
      }
      expect(budget.contexts).toBe(2000)
      for (const session of sessions) session.dispose()
      expect([budget.contexts, budget.used]).toEqual([0, 0])
      return process.memoryUsage().rss
    }
    const first = await round()
    const last = [await round(), await round(), await round()][2] ?? 0

    // One round holds about 110 MB: if contexts stayed, three more would hold 330.
    expect(last - first).toBeLessThan(60 * 1024 * 1024)
  })
})
