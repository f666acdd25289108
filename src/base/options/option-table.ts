/**
 * Tables of options. An option is declared once, as a rule in a table. The names of the options,
 * their defaults, their checks and the type of their settings all derive from the table.
 *
 * Tables are read when something is set up, never for a message.
 */

import type { DurationFields } from '../duration.ts'
import type { NumberRange } from './option-check.ts'

/**
 * The settings that `Options` come down to: every option with a value, durations in milliseconds.
 * `Own` gives the settings whose type differs from the type of their option.
 */
export type SettingsOf<Options, Own extends object = Record<never, never>> = {
  readonly [Name in keyof Options]-?: Name extends keyof Own
    ? Own[Name]
    : WithoutFields<Exclude<Options[Name], undefined>>
}

type WithoutFields<Value> = Value extends DurationFields
  ? DurationFields extends Value
    ? never
    : Value
  : Value

/**
 * Checks single values, and throws for an invalid one. Each platform has its own: Node explains
 * what is expected, a page has few bytes for that.
 */
export interface OptionReader {
  /** What is being done, for messages: `install WebSockets`. */
  readonly act: string
  /** A whole number within `range`. */
  whole(name: string, value: unknown, range: NumberRange): number
  /** A number from `min` to `max`; fractions are allowed. */
  number(name: string, value: unknown, min: number, max: number): number
  /** A duration above 0, in milliseconds. */
  duration(name: string, value: unknown): number
  /**
   * The same; a bare number below 1000 is invalid, because it is nearly always meant as seconds.
   */
  timeLimit(name: string, value: unknown): number
  flag(name: string, value: unknown): boolean
  /** One of a few words. `also` names another valid value, for the message. */
  choice<Choice extends string>(
    name: string,
    value: unknown,
    choices: readonly Choice[],
    also?: string,
  ): Choice
  /** Throws unless `value` is a function. */
  callback(name: string, value: unknown): void
  /** Throws. `what` is the value for the message, if its kind is not enough. */
  refuse(name: string, value: unknown, expected: string, what?: string): never
  /** An object without any names but `known`. An empty `name` is the whole of the options. */
  fields(name: string, value: unknown, known: readonly string[]): object
}

/** How one option is read. */
export interface OptionRule<Setting> {
  /** The default. */
  readonly fallback: Setting
  /**
   * Reads a value that is not `undefined`.
   *
   * @param outer the setting that holds without this value.
   */
  readonly read: (reader: OptionReader, name: string, value: unknown, outer: Setting) => Setting
}

/** One rule for each setting. */
export type OptionRules<Settings> = {
  readonly [Name in keyof Settings]-?: OptionRule<Settings[Name]>
}

/** A set of options that belong together. */
export interface OptionTable<Settings> {
  readonly names: readonly string[]
  readonly defaults: Settings
  /** Lays `options` over `outer`. The caller has checked the names. */
  lay(reader: OptionReader, options: object, outer: Settings, prefix?: string): Settings
  /**
   * Lays `options` over the defaults. Throws unless `options` is an object with known names.
   *
   * @param name what the object is called in messages.
   */
  read(reader: OptionReader, options: unknown, name?: string): Settings
}

/** Makes a table. */
export function optionTable<Settings extends object>(
  rules: OptionRules<Settings>,
): OptionTable<Settings> {
  // The keys of the rules are the keys of the settings.
  const names = Object.keys(rules) as Array<keyof Settings & string>
  const defaults = Object.freeze(
    Object.fromEntries(names.map((name) => [name, rules[name].fallback])),
  ) as Settings
  const table: OptionTable<Settings> = {
    names,
    defaults,
    lay(reader, options, outer, prefix = '') {
      const settings = { ...outer }
      for (const name of names) {
        const value: unknown = Reflect.get(options, name)
        if (value === undefined) continue
        settings[name] = rules[name].read(reader, prefix + name, value, outer[name])
      }
      return settings
    },
    read(reader, options, name = '') {
      const prefix = name === '' ? '' : `${name}.`
      return table.lay(reader, reader.fields(name, options, names), defaults, prefix)
    },
  }
  return table
}

/** A whole number of `min` or above; `Infinity` is invalid. */
export function wholeNumber(fallback: number, min: number = 1): OptionRule<number> {
  return { fallback, read: (reader, name, value) => reader.whole(name, value, { min }) }
}

/** A whole number from `min` to `max`. */
export function wholeBetween(fallback: number, min: number, max: number): OptionRule<number> {
  return { fallback, read: (reader, name, value) => reader.whole(name, value, { min, max }) }
}

/** A limit: a whole number of `min` or above, or `Infinity` for no limit. */
export function wholeOrInfinite(fallback: number, min: number = 1): OptionRule<number> {
  const range = { min, allowInfinity: true }
  return { fallback, read: (reader, name, value) => reader.whole(name, value, range) }
}

/** A number from `min` to `max`. `Infinity` is valid if it is `max`. */
export function numberBetween(fallback: number, min: number, max: number): OptionRule<number> {
  return { fallback, read: (reader, name, value) => reader.number(name, value, min, max) }
}

/** A duration above 0. */
export function duration(fallback: number): OptionRule<number> {
  return { fallback, read: (reader, name, value) => reader.duration(name, value) }
}

/** A duration above 0 that is not usually below a second. See `OptionReader.timeLimit`. */
export function timeLimit(fallback: number): OptionRule<number> {
  return { fallback, read: (reader, name, value) => reader.timeLimit(name, value) }
}

/** The same rule, where `null` is valid too and turns the option off. */
export function orNull<Setting>(
  rule: OptionRule<Setting>,
  fallback: Setting | null = rule.fallback,
): OptionRule<Setting | null> {
  return {
    fallback,
    read: (reader, name, value, outer) =>
      value === null ? null : rule.read(reader, name, value, outer ?? rule.fallback),
  }
}

/** `true` or `false`. */
export function flag(fallback: boolean): OptionRule<boolean> {
  return { fallback, read: (reader, name, value) => reader.flag(name, value) }
}

/** One of a few words. */
export function choice<Choice extends string>(
  fallback: NoInfer<Choice>,
  choices: readonly Choice[],
): OptionRule<Choice> {
  return { fallback, read: (reader, name, value) => reader.choice(name, value, choices) }
}

/** A function, or the default. */
export function callback<Callback>(fallback: Callback): OptionRule<Callback> {
  return {
    fallback,
    read(reader, name, value) {
      reader.callback(name, value)
      // The reader has checked that it is a function; its signature is the caller's word.
      return value as Callback
    },
  }
}

/** An `AbortSignal`; none by default. */
export function abortSignal(): OptionRule<AbortSignal | null> {
  return {
    fallback: null,
    read: (reader, name, value) =>
      value instanceof AbortSignal ? value : reader.refuse(name, value, 'an AbortSignal'),
  }
}

/** Options within an option. */
export function nested<Settings extends object>(
  table: OptionTable<Settings>,
): OptionRule<Settings> {
  return {
    fallback: table.defaults,
    read(reader, name, value, outer) {
      return table.lay(reader, reader.fields(name, value, table.names), outer, `${name}.`)
    },
  }
}

/** An option with a check of its own, which has to expect any value. */
export function checked<Setting, Given = unknown>(
  fallback: Setting,
  read: (act: string, value: Given, outer: Setting, name: string) => Setting,
): OptionRule<Setting> {
  return {
    fallback,
    read: (reader, name, value, outer) => read(reader.act, value as Given, outer, name), // see above
  }
}
