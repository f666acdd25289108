import { describe, expect, it } from 'vitest'

import { requirePathPattern } from '../../../src/application/routing/path-pattern.ts'

describe('requirePathPattern()', () => {
  it.each([
    '/',
    '/a',
    '/a/:b',
    '/a/:b?',
    '/a/**',
    '/a/**:rest',
    '/a/**/b',
    '/a.b/c+d',
    '/a%28b',
    '/é',
  ])('takes %s', (pattern) => {
    expect(() => requirePathPattern(pattern)).not.toThrow()
  })

  it.each([
    ['/rooms/{id}', 'braces have no meaning', 'parameters as in "/rooms/:id"'],
    ['/rooms/{id?}/{rest...}', 'braces have no meaning', 'parameters as in "/rooms/:id?/**:rest"'],
    ['/files/{*path}', 'braces have no meaning', 'parameters as in "/files/**:path"'],
    ['/rooms/{id:int}', 'braces have no meaning', 'parameters as in "/rooms/:id"'],
    ['/rooms/*', 'a star stands for', '":name" for one segment, "**:name" for the rest'],
    ['/*/a', 'a star stands for', '":name" for one segment, "**:name" for the rest'],
    ['/a*', 'a star stands for', '":name" for one segment'],
    ['/a/*rest', 'a star stands for', '":name" for one segment'],
    ['/a/**rest', 'a star stands for', '":name" for one segment'],
    ['/a/***', 'a star stands for', '":name" for one segment'],
    ['/:a*', 'a star stands for', '":name" for one segment'],
    ['/:a+', 'a plus has no meaning', '"**:name" for several segments'],
    ['/c(d)', 'parentheses would be an expression', 'a path without them'],
    [
      '/:id(\\d+)',
      'parentheses would be an expression',
      'a path without them, or ":name" for the segment',
    ],
    ['/a#b', 'no request has # or \\ in its path', 'a path without them'],
    ['/a\\b', 'no request has # or \\ in its path', 'a path without them'],
    ['/a/../b', 'dots are resolved', 'the path that they lead to'],
    ['/a/.', 'dots are resolved', 'the path that they lead to'],
  ])('refuses %s, with the right spelling', (pattern, reason, expected) => {
    expect(() => requirePathPattern(pattern)).toThrow(TypeError)
    expect(() => requirePathPattern(pattern)).toThrow(
      `Cannot use path "${pattern}": it is not a path pattern (${reason}`,
    )
    expect(() => requirePathPattern(pattern)).toThrow(`, expected ${expected}`)
  })
})
