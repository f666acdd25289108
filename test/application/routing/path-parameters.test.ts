import { describe, expect, expectTypeOf, it } from 'vitest'

import { joinPaths } from '../../../src/application/routing/path-parameters.ts'
import type {
  AnyParameters,
  JoinPaths,
  PathParameters,
} from '../../../src/application/routing/path-parameters.ts'

describe('joinPaths()', () => {
  it.each([
    ['', '/', '/'],
    ['', '/a', '/a'],
    ['/a', '/', '/a'],
    ['/a', '/b', '/a/b'],
    ['/a/', '/b', '/a/b'],
  ])('puts %j and %j together to %s', (prefix, path, joined) => {
    expect(joinPaths(prefix, path)).toBe(joined)
  })
})

describe('PathParameters', () => {
  it('has what the path captures', () => {
    expectTypeOf<PathParameters<'/rooms/:room'>>().toEqualTypeOf<{ readonly room: string }>()
    expectTypeOf<PathParameters<'/users/:user/:tab?'>>().toEqualTypeOf<{
      readonly user: string
      readonly tab: string | undefined
    }>()
    expectTypeOf<PathParameters<'/files/**:rest'>>().toEqualTypeOf<{ readonly rest: string }>()
  })

  it('has nothing where nothing is captured', () => {
    expectTypeOf<keyof PathParameters<'/'>>().toEqualTypeOf<never>()
  })

  it('may have anything when the path is not known', () => {
    expectTypeOf<PathParameters<string>>().toEqualTypeOf<AnyParameters>()
  })
})

describe('JoinPaths', () => {
  it('joins as joinPaths() does', () => {
    expectTypeOf<JoinPaths<'', '/'>>().toEqualTypeOf<'/'>()
    expectTypeOf<JoinPaths<'', '/a'>>().toEqualTypeOf<'/a'>()
    expectTypeOf<JoinPaths<'/a', '/'>>().toEqualTypeOf<'/a'>()
    expectTypeOf<JoinPaths<'/a/:x', '/b'>>().toEqualTypeOf<'/a/:x/b'>()
    expectTypeOf<JoinPaths<'/a/', '/b'>>().toEqualTypeOf<'/a/b'>()
    expectTypeOf<JoinPaths<string, '/b'>>().toEqualTypeOf<string>()
  })
})
