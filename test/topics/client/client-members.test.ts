import { describe, expect, it } from 'vitest'
import type { PresenceChange } from '../../../src/topics/index.ts'
import { ClientMembers } from '../../../src/topics/client/client-members.ts'
import { settled } from '../../../src/testing/test-environment.ts'

const memberOf = (key: string, meta: unknown = null) => ({ key, meta })
const members = (...keys: string[]): PresenceChange => ({
  type: 'members',
  members: keys.map((key) => memberOf(key)),
  count: keys.length,
})

/** What a loop over `changes` has brought. */
function reading(changes: AsyncIterable<PresenceChange>): PresenceChange[] {
  const brought: PresenceChange[] = []
  void (async () => {
    for await (const change of changes) brought.push(change)
  })()
  return brought
}

describe('ClientMembers', () => {
  it('T-48 a watch begins when the members have come, and a later one at once', async () => {
    const known = new ClientMembers('full', () => {})
    const first = reading(known.watch('full', null))
    await settled()
    expect(first).toEqual([])
    known.apply(members('ada'))
    await settled()
    known.apply({ type: 'joined', member: memberOf('bob') })
    known.apply({ type: 'left', member: memberOf('ada') })
    const second = reading(known.watch('full', null))
    await settled()

    expect(first[0]).toEqual(members('ada'))
    expect(first.slice(1).map(({ type }) => type)).toEqual(['joined', 'left'])
    expect(second).toEqual([members('bob')])
  })

  it('keeps the newest meta of each member', async () => {
    const known = new ClientMembers('full', () => {})
    known.apply(members('ada'))
    known.apply({ type: 'updated', member: memberOf('ada', 'new') })
    const brought = reading(known.watch('full', null))
    await settled()

    expect(brought).toEqual([{ type: 'members', members: [memberOf('ada', 'new')], count: 1 }])
  })

  it('a list of the server replaces the changes that a loop has not taken', async () => {
    const known = new ClientMembers('full', () => {})
    const watch = known.watch('full', null)
    known.apply(members('ada'))
    await watch.next()
    known.apply({ type: 'joined', member: memberOf('bob') })
    known.apply(members('cem'))

    expect((await watch.next()).value).toEqual(members('cem'))
  })

  it('a watch that counts gets numbers of the changes of all members', async () => {
    const known = new ClientMembers('full', () => {})
    const brought = reading(known.watch('count', null))
    known.apply(members('ada'))
    await settled()
    known.apply({ type: 'joined', member: memberOf('bob') })
    known.apply({ type: 'joined', member: memberOf('bob') })
    known.apply({ type: 'left', member: memberOf('nobody') })
    await settled()

    expect(brought.map((change) => change.type === 'count' && change.count)).toEqual([1, 2, 2, 2])
  })

  it('T-51 a count of the server replaces the number, also above the members that are known', async () => {
    const known = new ClientMembers('full', () => {})
    const brought = reading(known.watch('full', null))
    known.apply(members('ada'))
    await settled()
    known.apply({ type: 'count', count: 2000 })
    const later = reading(known.watch('full', null))
    await settled()

    expect(brought.at(-1)).toEqual({ type: 'count', count: 2000 })
    expect(later).toEqual([{ type: 'members', members: [memberOf('ada')], count: 2000 }])
  })

  it('askForAll() makes watches wait for the members', async () => {
    const known = new ClientMembers('count', () => {})
    known.apply({ type: 'count', count: 1 })
    known.askForAll()
    const brought = reading(known.watch('full', null))
    await settled()
    expect([brought, known.mode]).toEqual([[], 'full'])
    known.apply(members('ada'))
    await settled()

    expect(brought).toEqual([members('ada')])
  })

  it.each([
    ['full', members('ada'), members('ada')],
    ['count', { type: 'count', count: 7 }, { type: 'count', count: 7 }],
  ] as const)(
    'T-48 a watch of the mode %s does not begin with changes of an earlier watch',
    async (mode, answer, first) => {
      const known = new ClientMembers(mode, () => {})
      const brought = reading(known.watch(mode, null))
      known.apply({ type: 'joined', member: memberOf('bob') })
      if (mode === 'full') known.apply({ type: 'count', count: 2 })
      await settled()
      expect(brought).toEqual([])
      known.apply(answer)
      await settled()

      expect(brought).toEqual([first])
    },
  )

  it('is not used any more when its last watch has ended, by itself or with an error', async () => {
    let unused = 0
    const known = new ClientMembers('full', () => unused++)
    const [first, second] = [known.watch('full', null), known.watch('full', null)]
    await first.return()
    expect(unused).toBe(0)
    known.end(new Error('denied'))

    await expect(second.next()).rejects.toThrow('denied')
    expect(unused).toBe(1)
  })
})
