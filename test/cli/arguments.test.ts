import { describe, expect, it } from 'vitest'
import { type Arguments, type CommandSpec, helpOf, readArguments } from '../../src/cli/arguments.ts'

const SPEC: CommandSpec = {
  name: 'try',
  operands: 'URL',
  minOperands: 1,
  maxOperands: 1,
  summary: 'Tries.',
  options: [
    { name: 'wait', value: 'MS', short: 'w', help: 'Waits.' },
    { name: 'send', value: 'LINE', multiple: true, help: 'Sends.' },
    { name: 'json', help: 'Prints JSON.' },
  ],
}

function read(...args: string[]): Arguments {
  const result = readArguments(SPEC, args)
  if (result === 'help') throw new Error('expected arguments')
  return result
}

describe('readArguments()', () => {
  it('reads values, repeated values, switches and operands in any order', () => {
    const args = read('--send', 'a', 'url', '--send=b', '-w', '5', '--json')

    expect(args.operands).toEqual(['url'])
    expect(args.texts('send')).toEqual(['a', 'b'])
    expect(args.number('wait', { min: 0 })).toBe(5)
    expect(args.has('json')).toBe(true)
    expect(read('url').text('wait')).toBeNull()
  })

  it.each([
    [['url', '--no\u001bsuch'], /Unknown option '--no\\x1bsuch'/],
    [['url', '--wait'], /argument missing/],
    [['url', '--json=1'], /does not take an argument/],
    [[], /it has 0 operands, expected URL. See towpath try --help$/],
    [['a', 'b'], /it has 2 operands/],
  ])('refuses %j in one sentence', (args, message) => {
    expect(() => readArguments(SPEC, args)).toThrow(message)
  })

  it.each(['-1', '1.5', 'x', '', '1e3', '0x10', '11', '99999999999999999999'])(
    'refuses the number "%s"',
    (text) => {
      const args = read('url', `--wait=${text}`)

      expect(() => args.number('wait', { min: 0, max: 10 })).toThrow(
        `Cannot use --wait: it is "${text}", expected a whole number from 0 to 10`,
      )
    },
  )

  it('asks for help with --help and -h, whatever else there is', () => {
    expect(readArguments(SPEC, ['--help'])).toBe('help')
    expect(readArguments(SPEC, ['-h', 'a', 'b'])).toBe('help')
  })
})

describe('helpOf()', () => {
  it('has a row for each option', () => {
    expect(helpOf(SPEC)).toBe(
      [
        'Usage: towpath try [options] URL',
        '',
        'Tries.',
        '',
        'Options:',
        '  -w, --wait MS    Waits.',
        '      --send LINE  Sends.',
        '      --json       Prints JSON.',
        '  -h, --help       Prints this help.',
        '',
      ].join('\n'),
    )
  })
})
