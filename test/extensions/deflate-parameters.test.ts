import { describe, expect, it } from 'vitest'
import {
  acceptAnswer,
  acceptOffer,
  type DeflateParameters,
  offersFor,
} from '../../src/extensions/deflate-parameters.ts'
import type { ExtensionParameters } from '../../src/extensions/extension.ts'
import { formatExtensions, parseExtensions } from '../../src/protocol/internal.ts'

/** `client_max_window_bits; server_max_window_bits=10` as a handshake reads it. */
function parameters(text: string): ExtensionParameters {
  const offers = parseExtensions(text === '' ? 'x' : `x; ${text}`)
  const [offer] = offers ?? []
  if (offer === undefined) throw new Error(`not of the grammar: ${text}`)
  return offer.parameters
}

function written(list: ExtensionParameters): string {
  return formatExtensions([{ name: 'x', parameters: list }]).slice(3)
}

const WIDE: DeflateParameters = {
  serverNoContextTakeover: false,
  clientNoContextTakeover: false,
  serverMaxWindowBits: 15,
  clientMaxWindowBits: 15,
}
const SMALL: DeflateParameters = { ...WIDE, serverMaxWindowBits: 12, clientMaxWindowBits: 12 }
const FORGETFUL: DeflateParameters = {
  ...WIDE,
  serverNoContextTakeover: true,
  clientNoContextTakeover: true,
}

/** No takeover (S)erver, (C)lient; windows of both. */
function facts(agreed: DeflateParameters): string {
  const { serverNoContextTakeover, clientNoContextTakeover } = agreed
  const flags = `${serverNoContextTakeover ? 'S' : '-'}${clientNoContextTakeover ? 'C' : '-'}`
  return `${flags} ${agreed.serverMaxWindowBits} ${agreed.clientMaxWindowBits}`
}

describe('acceptOffer()', () => {
  for (const [offer, wanted, agreed, answer] of [
    ['', WIDE, '-- 15 15', ''],
    ['', SMALL, '-- 12 15', 'server_max_window_bits=12'],
    ['', FORGETFUL, 'SC 15 15', 'server_no_context_takeover; client_no_context_takeover'],
    ['server_no_context_takeover', WIDE, 'S- 15 15', 'server_no_context_takeover'],
    ['client_no_context_takeover', WIDE, '-C 15 15', 'client_no_context_takeover'],
    ['server_max_window_bits=15', WIDE, '-- 15 15', 'server_max_window_bits=15'],
    ['server_max_window_bits=8', WIDE, '-- 8 15', 'server_max_window_bits=8'],
    ['server_max_window_bits=10', SMALL, '-- 10 15', 'server_max_window_bits=10'],
    ['server_max_window_bits=14', SMALL, '-- 12 15', 'server_max_window_bits=12'],
    ['client_max_window_bits', WIDE, '-- 15 15', ''],
    [
      'client_max_window_bits',
      SMALL,
      '-- 12 12',
      'server_max_window_bits=12; client_max_window_bits=12',
    ],
    [
      'client_max_window_bits=15',
      SMALL,
      '-- 12 12',
      'server_max_window_bits=12; client_max_window_bits=12',
    ],
    [
      'client_max_window_bits=9',
      SMALL,
      '-- 12 9',
      'server_max_window_bits=12; client_max_window_bits=9',
    ],
    ['client_max_window_bits=8', WIDE, '-- 15 8', 'client_max_window_bits=8'],
    ['client_max_window_bits="10"', WIDE, '-- 15 10', 'client_max_window_bits=10'],
    [
      'client_max_window_bits; server_no_context_takeover; server_max_window_bits=9; client_no_context_takeover',
      SMALL,
      'SC 9 12',
      'server_no_context_takeover; client_no_context_takeover; server_max_window_bits=9; client_max_window_bits=12',
    ],
  ] as const) {
    it(`answers "${offer}" with "${answer}" where ${facts(wanted)} is wanted`, () => {
      const accepted = acceptOffer(parameters(offer), wanted)

      expect(accepted === null ? null : facts(accepted.agreed)).toBe(agreed)
      expect(accepted === null ? null : written(accepted.answer)).toBe(answer)
    })
  }
})

// CVE-2026-2229
const BAD = [
  'server_no_context_takeover=1',
  'client_no_context_takeover=true',
  'server_no_context_takeover; server_no_context_takeover',
  'client_no_context_takeover; client_no_context_takeover',
  'server_max_window_bits',
  'server_max_window_bits=7',
  'server_max_window_bits=16',
  'server_max_window_bits=08',
  'server_max_window_bits=1e1',
  'server_max_window_bits=-9',
  'server_max_window_bits=99999999999999999999',
  'server_max_window_bits=10; server_max_window_bits=10',
  'client_max_window_bits=7',
  'client_max_window_bits=16',
  'client_max_window_bits=010',
  'client_max_window_bits; client_max_window_bits=10',
  'unknown',
  'unknown=1',
  'Server_No_Context_Takeover',
  '__proto__',
  'constructor=10',
]

describe('acceptOffer() and acceptAnswer()', () => {
  for (const text of BAD) {
    it(`refuse "${text}"`, () => {
      expect(acceptOffer(parameters(text), WIDE)).toBeNull()
      expect(acceptAnswer(parameters(text), WIDE)).toBeNull()
    })
  }
})

describe('offersFor()', () => {
  for (const [wanted, offers] of [
    [WIDE, ['client_max_window_bits']],
    [SMALL, ['server_max_window_bits=12; client_max_window_bits=12', 'client_max_window_bits=12']],
    [
      FORGETFUL,
      [
        'server_no_context_takeover; client_no_context_takeover; client_max_window_bits',
        'client_no_context_takeover; client_max_window_bits',
      ],
    ],
  ] as const) {
    it(`offers ${offers.length === 1 ? 'once' : 'twice, the second time without asking for anything,'} where ${facts(wanted)} is wanted`, () => {
      expect(offersFor(wanted).map(written)).toEqual(offers)
    })

    it(`makes offers that are accepted where ${facts(wanted)} is wanted`, () => {
      for (const offer of offersFor(wanted)) {
        const accepted = acceptOffer(offer, WIDE)
        expect(accepted).not.toBeNull()
        expect(acceptAnswer(accepted?.answer ?? [], wanted)).toEqual(accepted?.agreed)
      }
    })
  }
})

describe('acceptAnswer()', () => {
  for (const [answer, wanted, agreed] of [
    ['', WIDE, '-- 15 15'],
    ['', SMALL, '-- 15 12'],
    ['server_max_window_bits=12; client_max_window_bits=12', SMALL, '-- 12 12'],
    ['server_max_window_bits=8', SMALL, '-- 8 12'],
    ['client_max_window_bits=8', SMALL, '-- 15 8'],
    ['client_max_window_bits=13', SMALL, '-- 15 12'],
    ['client_max_window_bits=15', SMALL, '-- 15 12'],
    ['client_max_window_bits', SMALL, null],
    ['server_no_context_takeover', WIDE, 'S- 15 15'],
    ['client_no_context_takeover', WIDE, '-C 15 15'],
    ['', FORGETFUL, '-C 15 15'],
  ] as const) {
    it(`takes "${answer}" for ${agreed ?? 'a failure'} where ${facts(wanted)} is wanted`, () => {
      const accepted = acceptAnswer(parameters(answer), wanted)

      expect(accepted === null ? null : facts(accepted)).toBe(agreed)
    })
  }
})
