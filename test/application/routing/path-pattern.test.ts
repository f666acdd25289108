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
    ['/rooms/{id}', 'braces are invalid', 'parameters as in "/rooms/:id"'],
    ['/rooms/{id?}/{rest...}', 'braces are invalid', 'parameters as in "/rooms/:id?/**:rest"'],
    ['/files/{*path}', 'braces are invalid', 'parameters as in "/files/**:path"'],
    ['/rooms/{id:int}', 'braces are invalid', 'parameters as in "/rooms/:id"'],
    ['/rooms/*', '* does not match', '":name" for one segment, "**:name" for the rest'],
    ['/*/a', '* does not match', '":name" for one segment, "**:name" for the rest'],
    ['/a*', '* does not match', '":name" for one segment'],
    ['/a/*rest', '* does not match', '":name" for one segment'],
    ['/a/**rest', '* does not match', '":name" for one segment'],
    ['/a/***', '* does not match', '":name" for one segment'],
    ['/:a*', '* does not match', '":name" for one segment'],
    ['/:a+', '+ is invalid', '"**:name" for several segments'],
    ['/c(d)', 'expressions are not supported', 'a path without them'],
    [
      '/:id(\\d+)',
      'expressions are not supported',
      'a path without them, or ":name" for the segment',
    ],
    ['/a#b', 'request paths never contain # or \\', 'a path without them'],
    ['/a\\b', 'request paths never contain # or \\', 'a path without them'],
    ['/a/../b', '. and .. are resolved', 'the resolved path'],
    ['/a/.', '. and .. are resolved', 'the resolved path'],
  ])('refuses %s, with the right spelling', (pattern, reason, expected) => {
    expect(() => requirePathPattern(pattern)).toThrow(TypeError)
    expect(() => requirePathPattern(pattern)).toThrow(
      `Cannot use path "${pattern}": the pattern is invalid (${reason}`,
    )
    expect(() => requirePathPattern(pattern)).toThrow(`, expected ${expected}`)
  })
})
