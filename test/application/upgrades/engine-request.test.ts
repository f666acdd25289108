import { describe, expect, it } from 'vitest'

import type { ApplicationCall } from '../../../src/application/application.ts'
import { IncomingRequest } from '../../../src/application/calls/request.ts'
import {
  engineRequestOf,
  needingEngineRequest,
  needsEngineRequest,
} from '../../../src/application/upgrades/engine-request.ts'

/** A call of which only the request is looked at. */
function callWith(engineRequest: object | null | undefined): ApplicationCall {
  const raw = {
    method: 'GET',
    target: '/',
    httpVersion: '1.1',
    rawHeaders: [],
    hasBody: false,
    local: { host: null, port: null },
    remote: { host: null, port: null },
    encrypted: false,
    ...(engineRequest === undefined ? {} : { engineRequest }),
  }
  const request = new IncomingRequest(raw, { path: '/', query: '', authority: null }, [])
  return { request } as unknown as ApplicationCall // the rest is not looked at
}

describe('engineRequestOf()', () => {
  it('returns the object of the engine', () => {
    const own = {}

    expect(engineRequestOf(callWith(own))).toBe(own)
  })

  it('returns null after the decision, and undefined where the engine has none', () => {
    expect(engineRequestOf(callWith(null))).toBe(null)
    expect(engineRequestOf(callWith(undefined))).toBe(undefined)
  })
})

describe('needsEngineRequest()', () => {
  it('is true for interceptors that were marked, and for no others', () => {
    expect(needsEngineRequest(needingEngineRequest(() => {}))).toBe(true)
    expect(needsEngineRequest(() => {})).toBe(false)
  })
})
