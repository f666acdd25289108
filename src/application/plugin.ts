/**
 * Defining plugins, and keeping those that an application has.
 */

import { requireFunction, requireKnownNames, requireObject } from '../base/internal.ts'
import type { Application, Plugin } from './application.ts'
import { DuplicatePluginError, PluginMissingError } from './errors.ts'

/** What a plugin is made of. */
export interface PluginDefinition<Options extends object, Instance> {
  /** Unique in an application; the name of the constant that it is exported as. */
  readonly name: string

  /**
   * The names of all options. Given them, an option that is misspelt is refused with the nearest name; without
   * them, `install` checks.
   */
  readonly optionNames?: ReadonlyArray<keyof Options & string>

  /**
   * Adds to `app` what the plugin is for. `options` is what the application gave, `{}` when it gave nothing.
   *
   * @returns the instance: what `app.install` and `app.plugin` answer.
   */
  readonly install: (app: Application, options: Options) => Instance
}

/**
 * Makes a plugin, to be exported as a constant and installed with `app.install`.
 *
 * @throws {TypeError} for a definition without a name or an `install`.
 *
 * @example
 * export const Counter = definePlugin({
 *   name: 'Counter',
 *   install: (app) => {
 *     const counts = { opened: 0 }
 *     app.monitor.on('sessionOpened', () => counts.opened++)
 *     return counts
 *   },
 * })
 */
export function definePlugin<Options extends object = object, Instance = void>(
  definition: PluginDefinition<Options, Instance>,
): Plugin<Options, Instance> {
  requireObject('define plugin', 'the definition', definition)
  const { name, install, optionNames } = definition
  if (typeof name !== 'string' || name === '') {
    throw new TypeError('Cannot define plugin: it has no name, expected the name of its constant')
  }
  requireFunction(`define plugin "${name}"`, 'install', install)
  return Object.freeze({ name, install, optionNames: optionNames ?? null })
}

/** The plugins of one application. */
export class PluginRegistry {
  readonly #instances = new Map<object, unknown>()
  readonly #names = new Set<string>()

  /** Installs `plugin` into `app`. A plugin whose `install` throws is not installed. */
  install<Options extends object, Instance>(
    app: Application,
    plugin: Plugin<Options, Instance>,
    options: Options,
  ): Instance {
    const { name, optionNames } = requirePlugin('install', plugin)
    if (this.#names.has(name)) throw new DuplicatePluginError(name)
    requireObject(`install ${name}`, 'what comes with it', options)
    if (optionNames !== null) requireKnownNames(`install ${name}`, options, optionNames)

    const instance = plugin.install(app, options)
    this.#names.add(name)
    this.#instances.set(plugin, instance)
    return instance
  }

  /**
   * What `plugin` gave.
   *
   * @param act what cannot be done without it, for the message.
   * @throws {PluginMissingError} if it is not installed.
   */
  get<Options extends object, Instance>(plugin: Plugin<Options, Instance>, act?: string): Instance {
    const { name } = requirePlugin('use', plugin)
    if (!this.#instances.has(plugin)) throw new PluginMissingError(act ?? `use ${name}`, name)
    // Set by install() from this very plugin, which gives nothing but an Instance.
    return this.#instances.get(plugin) as Instance
  }
}

function requirePlugin<Options extends object, Instance>(
  act: string,
  plugin: Plugin<Options, Instance>,
): Plugin<Options, Instance> {
  const isPlugin =
    typeof plugin === 'object' && plugin !== null && typeof plugin.install === 'function'
  if (isPlugin) return plugin
  throw new TypeError(`Cannot ${act} plugin: it is none, expected what definePlugin() returns`)
}
