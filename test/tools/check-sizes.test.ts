import { expect, it } from 'vitest'

import { codeLines, problemsOf, publicMembers } from '../../tools/check-sizes.ts'

it('publicMembers() counts what an exported class declares, and an accessor pair once', () => {
  const text = `
    export class Thing {
      static made = 0
      readonly name = 'a'
      #hidden = 1
      private old = 2
      constructor() {}
      get size() { return 1 }
      set size(value) {}
      [Symbol.iterator]() {}
      #help() {}
    }
    class Inner { a = 1 }
  `

  expect(publicMembers('a.ts', text)).toEqual([{ place: 'a.ts Thing', name: 'Thing', size: 4 }])
})

it('codeLines() counts neither comments nor blank lines nor the functions inside', () => {
  const text = `
    /** What it does. */
    function outer() {
      // why

      const inner = () => {
        one()
        two()
      }
      /* a remark
         of two lines */
      return inner
    }
  `

  expect(codeLines('a.ts', text).map(({ name, size }) => [name, size])).toEqual([
    ['outer', 4],
    ['inner', 4],
  ])
})

it('codeLines() counts each line of a text that goes over several', () => {
  const text = 'const f = () => `a\nb\nc`'

  expect(codeLines('a.ts', text)[0]?.size).toBe(3)
})

it('problemsOf() names what is too large, and exceptions without need', () => {
  const sized = (name: string, size: number) => ({ place: `a.ts ${name}`, name, size })

  expect(
    problemsOf(
      [sized('Large', 26), sized('Known', 40), sized('Fits', 25)],
      [sized('long', 51), sized('fits', 50)],
      ['Known', 'Fits'],
    ),
  ).toEqual([
    'Cannot accept a.ts Large: it has 26 public members, expected at most 25',
    'Cannot accept a.ts long: it has 51 lines of code, expected at most 50',
    'Cannot keep the exception Fits: the class is small enough',
  ])
})
