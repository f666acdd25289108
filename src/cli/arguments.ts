/**
 * The arguments of a command, read by its table of options. The same table prints the help.
 */

import { parseArgs } from 'node:util'

import { UsageError } from './exit-code.ts'
import { printable } from './printable.ts'

/** One option of a command. */
export interface OptionSpec {
  readonly name: string
  /** The placeholder of the value in the help; absent for a switch. */
  readonly value?: string
  readonly short?: string
  /** Whether the option may be repeated. */
  readonly multiple?: true
  readonly help: string
}

/** A command, as its help shows it. */
export interface CommandSpec {
  readonly name: string
  /** The arguments in the usage line: `URL`, `[PORT]`. */
  readonly operands: string
  readonly minOperands: number
  readonly maxOperands: number
  readonly summary: string
  readonly options: readonly OptionSpec[]
}

/** Bounds of a number. */
export interface NumberLimits {
  readonly min: number
  readonly max?: number
  /** Whether fractions are invalid. @defaultValue true */
  readonly whole?: boolean
}

type Values = Readonly<
  Record<string, string | boolean | ReadonlyArray<string | boolean> | undefined>
>

/** Checked arguments. */
export class Arguments {
  readonly operands: readonly string[]
  /** The arguments as they were given. */
  readonly source: readonly string[]
  readonly #values: Values

  constructor(values: Values, operands: readonly string[], source: readonly string[] = []) {
    this.#values = values
    this.operands = operands
    this.source = source
  }

  /** Whether a switch was given. */
  has(name: string): boolean {
    return this.#values[name] !== undefined
  }

  /** The value of an option; `null` if it was not given. */
  text(name: string): string | null {
    const value = this.#values[name]
    return typeof value === 'string' ? value : null
  }

  /** All values of an option that may be repeated. */
  texts(name: string): readonly string[] {
    const value = this.#values[name]
    return Array.isArray(value) ? value.map(String) : []
  }

  /**
   * The number of an option; `null` if it was not given.
   *
   * @throws {UsageError} for anything but a number within the limits.
   */
  number(name: string, { min, max = Infinity, whole = true }: NumberLimits): number | null {
    const text = this.text(name)
    if (text === null) return null
    const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN
    const isValid = value >= min && value <= max && (!whole || Number.isSafeInteger(value))
    if (isValid) return value
    const kind = whole ? 'a whole number' : 'a number'
    const range = max === Infinity ? `of at least ${min}` : `from ${min} to ${max}`
    throw new UsageError(`Cannot use --${name}: it is ${quoted(text)}, expected ${kind} ${range}`)
  }
}

/**
 * Reads the arguments of a command.
 *
 * @returns `'help'` if the help is asked for.
 * @throws {UsageError} for an unknown option, a missing value, or the wrong number of operands.
 */
export function readArguments(spec: CommandSpec, args: readonly string[]): Arguments | 'help' {
  const options = Object.fromEntries(
    [...spec.options, HELP].map(({ name, value, short, multiple }) => [
      name,
      {
        type: value === undefined ? ('boolean' as const) : ('string' as const),
        ...(short === undefined ? {} : { short }),
        multiple: multiple === true,
      },
    ]),
  )
  const { values, positionals } = parse(spec, args, options)
  if (values['help'] !== undefined) return 'help'
  const { length } = positionals
  if (length < spec.minOperands || length > spec.maxOperands) {
    throw new UsageError(
      `Cannot run ${spec.name}: it has ${length} operands, expected ${spec.operands}. ${hint(spec)}`,
    )
  }
  return new Arguments(values, positionals, args)
}

const HELP: OptionSpec = { name: 'help', short: 'h', help: 'Prints this help.' }

type ParsedOptions = NonNullable<NonNullable<Parameters<typeof parseArgs>[0]>['options']>

function parse(
  spec: CommandSpec,
  args: readonly string[],
  options: ParsedOptions,
): { readonly values: Values; readonly positionals: readonly string[] } {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true })
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause
    const [what = ''] = printable(cause.message).split('. ')
    throw new UsageError(`Cannot run ${spec.name}: ${what}. ${hint(spec)}`, { cause })
  }
}

function hint({ name }: CommandSpec): string {
  return `See towpath ${name} --help`
}

/** Prints a value of the user in quotes, safely. */
export function quoted(text: string): string {
  return `"${printable(text)}"`
}

/** Returns the help of a command. */
export function helpOf(spec: CommandSpec): string {
  const rows = [...spec.options, HELP].map(({ name, value, short, help }) => {
    const letter = short === undefined ? '    ' : `-${short}, `
    return [`  ${letter}--${name}${value === undefined ? '' : ` ${value}`}`, help] as const
  })
  const width = Math.max(...rows.map(([left]) => left.length)) + 2
  const table = rows.map(([left, help]) => `${left.padEnd(width)}${help}`)
  const usage = `Usage: towpath ${spec.name} [options] ${spec.operands}`.trimEnd()
  return [usage, '', spec.summary, '', 'Options:', ...table, ''].join('\n')
}
