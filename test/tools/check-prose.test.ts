import { describe, expect, it } from 'vitest'
import { longLinesOfComments, longLinesOfMarkdown, problemsOf } from '../../tools/check-prose.ts'

const LONG = 'word '.repeat(21).trim()

describe('longLinesOfMarkdown()', () => {
  it('longLinesOfMarkdown() finds prose above 100 columns', () => {
    expect(longLinesOfMarkdown(`short\n${LONG}\n- ${LONG}`)).toEqual([2, 3])
  })

  it('longLinesOfMarkdown() passes over tables, code and hidden blocks', () => {
    const text = `| ${LONG} |\n\`\`\`ts\n${LONG}\n\`\`\`\n<!-- prelude\n${LONG}\n-->\n${LONG}`

    expect(longLinesOfMarkdown(text)).toEqual([8])
  })

  it('longLinesOfMarkdown() does not count the targets of links', () => {
    const line = `See [the page](${'x'.repeat(90)}) and https://example.com/${'y'.repeat(90)}`

    expect(longLinesOfMarkdown(line)).toEqual([])
  })
})

describe('longLinesOfComments()', () => {
  it('longLinesOfComments() finds comments above 100 columns, and no code', () => {
    const text = `// ${LONG}\n/** ${LONG} */\n * ${LONG}\nconst text = '${LONG}'`

    expect(longLinesOfComments(text)).toEqual([1, 2, 3])
  })
})

describe('problemsOf()', () => {
  const found = new Map([
    ['src/a/one.ts', [3]],
    ['docs/page.md', [1, 2]],
  ])

  it('problemsOf() names files without an exception, with their lines', () => {
    expect(problemsOf(found, ['src/a/'])).toEqual([
      'Cannot accept docs/page.md: prose above 100 columns, lines 1, 2',
    ])
  })

  it('problemsOf() takes files and folders as exceptions, and names unnecessary ones', () => {
    expect(problemsOf(found, ['src/a/', 'docs/page.md', 'src/b/'])).toEqual([
      'Cannot keep the exception src/b/: its prose wraps at 100 columns',
    ])
  })
})
