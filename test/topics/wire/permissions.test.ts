import { describe, expect, it } from 'vitest'
import { defineTopic } from '../../../src/topics/index.ts'
import { KindRegistry } from '../../../src/topics/kind/kind-registry.ts'
import { decide, Denied, Permissions } from '../../../src/topics/wire/permissions.ts'

const Room = defineTopic('rooms/:room')
const Closed = defineTopic('closed/:name')

describe('Permissions', () => {
  it('T-53 finds a name only if its kind is known and allowed', () => {
    const kinds = new KindRegistry()
    kinds.add(Closed)
    const permissions = new Permissions(kinds)
    const allowed = { subscribe: () => true }
    permissions.allow(Room, allowed)

    expect(permissions.find('rooms/1')).toMatchObject({
      kind: Room,
      parameters: { room: '1' },
      permissions: allowed,
    })
    expect(permissions.find('closed/1')).toBeNull()
    expect(permissions.find('other/1')).toBeNull()
  })

  it('allow() throws for a permission of presence when the kind has no presence', () => {
    const permissions = new Permissions(new KindRegistry())

    expect(() => permissions.allow(Closed, { presence: () => false })).toThrow(
      '"presence" is given, and the kind has none, expected defineTopic(…, { presence: {} })',
    )
    expect(permissions.find('closed/1')).toBeNull()
  })

  it('refuses a second call for a kind, unknown names, and what is no function or no kind', () => {
    const permissions = new Permissions(new KindRegistry())
    permissions.allow(Room, {})

    expect(() => permissions.allow(Room, {})).toThrow(/it has been said before/)
    // @ts-expect-error there is no such permission
    expect(() => permissions.allow(Closed, { subscrbe: () => true })).toThrow(TypeError)
    // @ts-expect-error not a function
    expect(() => permissions.allow(Closed, { publish: true })).toThrow(TypeError)
    // @ts-expect-error not made by defineTopic
    expect(() => permissions.allow({ pattern: 'x' }, {})).toThrow(TypeError)
    expect(permissions.find('closed/1')).toBeNull()
  })
})

describe('decide()', () => {
  it('says what a verdict means', () => {
    const until = new Date(5)
    const denied = new Denied('members-only')

    expect(decide(true)).toEqual({ isAllowed: true, until: null })
    expect(decide(false)).toEqual({ isAllowed: false, denied: null })
    expect(decide(denied)).toEqual({ isAllowed: false, denied })
    expect(decide({ until })).toEqual({ isAllowed: true, until })
  })

  it.each<unknown>([undefined, null, 1, 'true', {}, { until: 5 }, { until: new Date('never') }])(
    'T-55 allows nothing by mistake: %j',
    (verdict) => {
      // An application without types may return anything.
      expect(() => decide(verdict as boolean)).toThrow(TypeError)
    },
  )
})
