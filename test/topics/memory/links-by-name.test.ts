import { describe, expect, it } from 'vitest'
import { LinksByName } from '../../../src/topics/memory/links-by-name.ts'

describe('LinksByName', () => {
  it('has the links of each name, each once', () => {
    const links = new LinksByName<string>()
    for (const link of ['a', 'b', 'a']) links.add('rooms/1', link)
    links.add('rooms/2', 'c')

    expect([...links.of('rooms/1')]).toEqual(['a', 'b'])
    expect([...links.of('rooms/2')]).toEqual(['c'])
    expect([...links.of('rooms/3')]).toEqual([])
  })

  it('keeps nothing of names without links', () => {
    const links = new LinksByName<string>()
    for (const name of ['1', '2', '3']) links.add(name, 'a')
    links.add('3', 'b')
    links.remove('1', 'a')
    links.remove('1', 'a')
    expect(links.size).toBe(2)
    links.removeAll('a')

    expect(links.size).toBe(1)
    expect([...links.of('3')]).toEqual(['b'])
  })
})
