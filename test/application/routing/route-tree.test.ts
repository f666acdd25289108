import { describe, expect, it } from 'vitest'

import { createRouteTree } from '../../../src/application/routing/route-tree.ts'

function treeOf(...patterns: readonly string[]) {
  const tree = createRouteTree<string>()
  for (const pattern of patterns) tree.add(pattern, pattern)
  return tree
}

describe('createRouteTree()', () => {
  it('finds a value by its path, and nothing elsewhere', () => {
    const tree = treeOf('/', '/chat')

    expect(tree.find('/')?.value).toBe('/')
    expect(tree.find('/chat')?.value).toBe('/chat')
    expect(tree.find('/chat/')?.value).toBe('/chat')
    expect(tree.find('/chat/x')).toBe(null)
    expect(tree.find('/Chat')).toBe(null)
  })

  it('captures parameters, optional ones and the rest, as they are encoded', () => {
    const tree = treeOf('/rooms/:room', '/users/:user/:tab?', '/files/**:rest')

    expect({ ...tree.find('/rooms/a%2Fb')?.captures }).toEqual({ room: 'a%2Fb' })
    expect({ ...tree.find('/users/7')?.captures }).toEqual({ user: '7' })
    expect({ ...tree.find('/users/7/posts')?.captures }).toEqual({ user: '7', tab: 'posts' })
    expect({ ...tree.find('/files/a/b.txt')?.captures }).toEqual({ rest: 'a/b.txt' })
  })

  it('prefers text to a parameter to a wildcard, whatever was declared first', () => {
    const tree = treeOf('/a/**:rest', '/a/:x', '/a/b')

    expect(tree.find('/a/b')?.value).toBe('/a/b')
    expect(tree.find('/a/c')?.value).toBe('/a/:x')
    expect(tree.find('/a/c/d')?.value).toBe('/a/**:rest')
  })

  it('goes back when a longer branch leads nowhere', () => {
    const tree = treeOf('/a/b/d', '/a/:x/c')

    expect(tree.find('/a/b/c')?.value).toBe('/a/:x/c')
  })

  it('names the pattern that matches the same paths', () => {
    const tree = treeOf('/rooms/:room', '/a/**')

    expect(tree.conflict('/rooms/:room')).toBe('/rooms/:room')
    expect(tree.conflict('/rooms/:id')).toBe('/rooms/:room')
    expect(tree.conflict('/rooms/:room/')).toBe('/rooms/:room')
    expect(tree.conflict('/a/*')).toBe('/a/**')
  })

  it('sees no conflict where one pattern is more specific', () => {
    const tree = treeOf('/rooms/:room', '/users/:user?')

    expect(tree.conflict('/rooms/lobby')).toBe(null)
    expect(tree.conflict('/rooms/:id(\\d+)')).toBe(null)
    expect(tree.conflict('/users')).toBe(null)
  })

  it.each([
    ['/a/:x/:x', 'Cannot use path "/a/:x/:x": the pattern is invalid (duplicate param name "x")'],
    ['/a/(', /^Cannot use path "\/a\/\(": the pattern is invalid \(.+\), expected .+$/],
    ['/a?b', /^Cannot use path "\/a\?b": the pattern is invalid \(misplaced/],
  ])('refuses the pattern %s, with the reason', (pattern, message) => {
    expect(() => createRouteTree().check(pattern)).toThrow(TypeError)
    expect(() => createRouteTree().check(pattern)).toThrow(message)
  })

  it('takes parameters of every name', () => {
    const captures = treeOf('/a/:constructor').find('/a/x')?.captures

    expect(captures?.['constructor']).toBe('x')
  })
})
