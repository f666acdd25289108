import { describe, expect, it, vi } from 'vitest'

import type { OriginRule } from '../../../src/application/application.ts'
import { UpgradeCall } from '../../../src/application/calls/call.ts'
import { mayConnect, readOriginRule } from '../../../src/application/upgrades/origin-policy.ts'
import type { WebSocketRoute } from '../../../src/application/routing/route-scope.ts'
import { createApplication } from '../../../src/application/create-application.ts'
import { upgradeRequest } from '../upgrade-client.ts'

const ACT = 'install WebSockets'
const APP = createApplication()

/** Whether a page of `origin` may connect to `host` under `rule`. */
function allows(
  rule: OriginRule,
  origin: string | undefined,
  host = 'example.com',
  encrypted = false,
): boolean | Promise<boolean> {
  const raw = upgradeRequest('/', { headers: { Host: host, Origin: origin }, encrypted })
  const route = { path: '/' } as WebSocketRoute // the rule does not look at it
  const call = new UpgradeCall({ application: APP, resolvers: [] }, route, raw, {})
  return mayConnect(readOriginRule(ACT, rule, 'same-origin'), origin ?? null, call)
}

describe("mayConnect() under 'same-origin'", () => {
  it('lets clients connect that are no browsers: they send no Origin', () => {
    expect(allows('same-origin', undefined)).toBe(true)
  })

  it.each([
    ['http://example.com', 'example.com', false],
    ['http://example.com:80', 'example.com', false],
    ['http://example.com', 'example.com:80', false],
    ['http://EXAMPLE.com', 'example.COM', false],
    ['http://example.com:8080', 'example.com:8080', false],
    ['https://example.com', 'example.com', true],
    ['https://example.com', 'example.com:443', true],
    ['http://[::1]:8080', '[::1]:8080', false],
    ['http://[0:0:0:0:0:0:0:1]:8080', '[::1]:8080', false],
    ['http://127.0.0.1', '127.0.0.1', false],
  ])('lets %s connect to %s', (origin, host, encrypted) => {
    expect(allows('same-origin', origin, host, encrypted)).toBe(true)
  })

  it.each([
    ['suffix', 'http://example.com.evil.example', 'example.com'],
    ['prefix', 'http://evilexample.com', 'example.com'],
    ['subdomain', 'http://sub.example.com', 'example.com'],
    ['parent', 'http://example.com', 'sub.example.com'],
    ['opaque', 'null', 'example.com'],
    ['opaque, asked for as a host', 'null', 'null'],
    ['user info', 'http://example.com@evil.example', 'example.com'],
    ['user info of ours', 'http://user@example.com', 'example.com'],
    ['other port', 'http://example.com:8080', 'example.com'],
    ['no port against another', 'http://example.com', 'example.com:8080'],
    ['port inside of a port', 'http://example.com:80801', 'example.com:8080'],
    ['other scheme', 'https://example.com', 'example.com'],
    ['no scheme', 'example.com', 'example.com'],
    ['path', 'http://example.com/evil', 'example.com'],
    ['query', 'http://example.com?evil', 'example.com'],
    ['backslash', 'http://example.com\\evil.example', 'example.com'],
    ['two origins', 'http://example.com http://evil.example', 'example.com'],
    ['other IPv6 address', 'http://[::2]:8080', '[::1]:8080'],
    ['IPv6 without its brackets', 'http://::1', '[::1]'],
    ['trailing dot', 'http://example.com.', 'example.com'],
    ['empty', '', 'example.com'],
  ])('refuses the trick %s', (_trick, origin, host) => {
    expect(allows('same-origin', origin, host)).toBe(false)
  })
})

describe('mayConnect() under other rules', () => {
  it("lets everybody connect under 'any'", () => {
    expect(allows('any', 'https://evil.example')).toBe(true)
    expect(allows('any', 'null')).toBe(true)
  })

  it('lets the origins of a list connect, beside its own', () => {
    const rule = ['https://app.example.com', 'http://localhost:3000', 'capacitor://localhost']

    expect(allows(rule, 'https://app.example.com')).toBe(true)
    expect(allows(rule, 'https://APP.example.com:443')).toBe(true)
    expect(allows(rule, 'http://localhost:3000')).toBe(true)
    expect(allows(rule, 'capacitor://localhost')).toBe(true)
    expect(allows(rule, 'http://example.com')).toBe(true)
  })

  it('lets no other origin connect under a list', () => {
    const rule = ['https://app.example.com']

    expect(allows(rule, 'http://app.example.com')).toBe(false)
    expect(allows(rule, 'https://app.example.com:8443')).toBe(false)
    expect(allows(rule, 'https://app.example.com.evil.example')).toBe(false)
    expect(allows(rule, 'https://evil.example/?https://app.example.com')).toBe(false)
    expect(allows(rule, 'null')).toBe(false)
  })

  it('asks a function about every other origin, as it was sent', () => {
    const rule = vi.fn<(origin: string) => boolean>(
      (origin) => origin === 'https://Partner.example',
    )

    expect(allows(rule, 'https://Partner.example')).toBe(true)
    expect(allows(rule, 'null')).toBe(false)
    expect(allows(rule, 'http://example.com')).toBe(true)
    expect(allows(rule, undefined)).toBe(true)
    expect(rule.mock.calls.map(([origin]) => origin)).toEqual(['https://Partner.example', 'null'])
  })

  it('awaits a thenable of another library', async () => {
    // oxlint-disable-next-line unicorn/no-thenable -- the subject
    const foreign = (answer: boolean) => ({ then: (f: (yes: boolean) => void) => f(answer) })
    const rule = (answer: boolean) => () => foreign(answer) as Promise<boolean>

    expect(await allows(rule(true), 'https://a.example')).toBe(true)
    expect(await allows(rule(false), 'https://a.example')).toBe(false)
  })

  it('takes nothing but true for a yes, at once or later', async () => {
    expect(await allows(() => Promise.resolve(true), 'null')).toBe(true)
    expect(await allows(() => Promise.resolve(false), 'null')).toBe(false)
    // @ts-expect-error -- what JavaScript may do
    expect(allows(() => 'yes', 'null')).toBe(false)
    // @ts-expect-error -- what JavaScript may do
    expect(await allows(() => Promise.resolve('yes'), 'null')).toBe(false)
  })
})

describe('readOriginRule()', () => {
  it('answers the fallback without a rule', () => {
    expect(readOriginRule(ACT, undefined, 'any')).toBe('any')
  })

  it.each([
    ['example.com', '"example.com"'],
    ['https://example.com/', '"https://example.com/"'],
    ['null', '"null"'],
    [42, '42'],
  ])('refuses %j in a list', (entry, shown) => {
    // @ts-expect-error -- what JavaScript may do
    expect(() => readOriginRule(ACT, [entry], 'any')).toThrow(
      new TypeError(
        `Cannot install WebSockets: option "origins" has ${shown}, expected scheme://host or scheme://host:port, such as https://example.com`,
      ),
    )
  })

  it("tells who writes '*' about 'any'", () => {
    expect(() => readOriginRule(ACT, ['*'], 'any')).toThrow(
      `Cannot install WebSockets: option "origins" has "*", expected 'any'`,
    )
  })

  it('tells who writes a pattern about functions', () => {
    expect(() => readOriginRule(ACT, ['https://*.example.com'], 'any')).toThrow(
      `Cannot install WebSockets: option "origins" has "https://*.example.com", expected whole origins, or a function in place of the list`,
    )
  })

  it.each(['all', true, {}])('refuses %j as a rule', (rule) => {
    // @ts-expect-error -- what JavaScript may do
    expect(() => readOriginRule(ACT, rule, 'any')).toThrow(
      /^Cannot install WebSockets: option "origins" is .+, expected 'same-origin', 'any', a list or a function$/,
    )
  })
})
