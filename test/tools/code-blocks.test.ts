import { describe, expect, it } from 'vitest'
import { blocksOfComments, blocksOfMarkdown } from '../../tools/code-blocks.ts'

describe('blocksOfMarkdown()', () => {
  it('reads the ts blocks with their lines and modes, and leaves other languages alone', () => {
    const page = [
      '# Page',
      '```ts',
      'const a = 1',
      '```',
      '```sh',
      'npm ci',
      '```',
      '```ts run',
      'a()',
      'b()',
      '```',
      '- item',
      '  ```ts test',
      '  c()',
      '  ```',
    ].join('\n')

    expect(blocksOfMarkdown('page.md', page)).toEqual([
      {
        file: 'page.md',
        line: 3,
        code: 'const a = 1\n',
        preludeLines: 0,
        mode: 'compile',
        isExcerpt: false,
      },
      {
        file: 'page.md',
        line: 9,
        code: 'a()\nb()\n',
        preludeLines: 0,
        mode: 'run',
        isExcerpt: false,
      },
      { file: 'page.md', line: 14, code: 'c()\n', preludeLines: 0, mode: 'test', isExcerpt: false },
    ])
  })

  it('puts the prelude before a block and the epilogue after it, and no other block', () => {
    const page = [
      '<!-- prelude',
      'declare const a: number',
      '-->',
      '',
      '```ts',
      'a',
      '```',
      '',
      '<!-- epilogue',
      'b',
      '-->',
      '```ts',
      'c',
      '```',
    ].join('\n')

    expect(blocksOfMarkdown('page.md', page)).toEqual([
      {
        file: 'page.md',
        line: 6,
        code: 'declare const a: number\na\nb\n',
        preludeLines: 1,
        mode: 'compile',
        isExcerpt: false,
      },
      {
        file: 'page.md',
        line: 13,
        code: 'c\n',
        preludeLines: 0,
        mode: 'compile',
        isExcerpt: false,
      },
    ])
  })

  it('forgets a prelude when text stands between it and the block', () => {
    const page = '<!-- prelude\na\n-->\nText.\n```ts\nb\n```'

    expect(blocksOfMarkdown('page.md', page).map((block) => block.code)).toEqual(['b\n'])
  })

  it('throws for a language that would go unchecked, an unknown mode and an open fence', () => {
    expect(() => blocksOfMarkdown('a.md', '```js\n```')).toThrow(
      'Cannot check the block at a.md:1: it says "js", expected "ts"',
    )
    expect(() => blocksOfMarkdown('a.md', '\n```ts skip\n```')).toThrow(
      'Cannot use the block at a.md:2: it says "skip", expected run or test',
    )
    expect(() => blocksOfMarkdown('a.md', '```ts\na')).toThrow(
      'Cannot read a.md: what starts at line 1 is never closed',
    )
  })
})

describe('blocksOfComments()', () => {
  it('reads the blocks of doc comments, at the lines of the file', () => {
    const source = [
      '/**',
      ' * Adds.',
      ' * @example',
      ' * ```ts',
      ' * if (a) {',
      ' *   b()',
      ' *',
      ' * }',
      ' * ```',
      ' */',
      'export const add = `',
      '```ts',
      '`',
    ].join('\n')

    expect(blocksOfComments('add.ts', source)).toEqual([
      {
        file: 'add.ts',
        line: 5,
        code: 'if (a) {\n  b()\n\n}\n',
        preludeLines: 0,
        mode: 'compile',
        isExcerpt: false,
      },
    ])
  })

  it('reads a prelude on the line of its @example', () => {
    const source = [
      '/**',
      ' * @example <!-- prelude',
      ' * declare const a: 1',
      ' * -->',
      ' * ```ts',
      ' * a',
      ' * ```',
      ' */',
    ].join('\n')

    expect(blocksOfComments('a.ts', source)).toMatchObject([
      { line: 6, code: 'declare const a: 1\na\n', preludeLines: 1, isExcerpt: false },
    ])
  })

  it('reads the code of an @example without a fence as an excerpt', () => {
    const source = [
      '/**',
      ' * Adds.',
      ' *',
      ' * @example',
      ' * add(1,',
      ' *   2)',
      ' * @throws never',
      ' */',
      'export const add = 1',
      '  /**',
      '   * @example',
      '   * more()',
      '   */',
    ].join('\n')

    expect(blocksOfComments('add.ts', source)).toMatchObject([
      { line: 5, code: 'add(1,\n  2)\n', isExcerpt: true },
      { line: 12, code: 'more()\n', isExcerpt: true },
    ])
  })
})
