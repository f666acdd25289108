/**
 * Defines plugins, and keeps the plugins of an application.
 */

import { kindOf, requireFunction, requireKnownNames, requireObject } from '../base/internal.ts'
import type { Application, Plugin } from './application.ts'
import { DuplicatePluginError, PluginMissingError } from './errors.ts'

/** The definition of a plugin. */
export interface PluginDefinition<Options extends object, Instance> {
  /** Unique in an application: the name of the exported constant. */
  readonly name: string

  /**
   * The names of all options. `app.install` then refuses an unknown option and suggests the nearest
   * name. Without it, `install` must check its options.
   */
  readonly optionNames?: ReadonlyArray<keyof Options & string>

  /**
   * Adds the plugin to `app`. `options` is what the application passed, or `{}`.
   *
   * @returns the instance that `app.install` and `app.plugin` return.
   */
  readonly install: (app: Application, options: Options) => Instance
}

/**
 * Creates a plugin. Export it as a constant, and install it with `app.install`.
 *
 * @throws {TypeError} for a definition without a name or an `install` function.
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

  /** Installs `plugin` into `app`. If `plugin.install` throws, the plugin is not installed. */
  install<Options extends object, Instance>(
    app: Application,
    plugin: Plugin<Options, Instance>,
    options: Options,
  ): Instance {
    const { name, optionNames } = requirePlugin('install', plugin)
    if (this.#names.has(name)) throw new DuplicatePluginError(name)
    requireObject(`install ${name}`, 'the options argument', options)
    if (optionNames !== null) requireKnownNames(`install ${name}`, options, optionNames)

    const instance = plugin.install(app, options)
    this.#names.add(name)
    this.#instances.set(plugin, instance)
    return instance
  }

  /**
   * Returns the instance of `plugin`.
   *
   * @param act what needs the plugin, for the error message.
   * @throws {PluginMissingError} if `plugin` is not installed.
   */
  get<Options extends object, Instance>(plugin: Plugin<Options, Instance>, act?: string): Instance {
    const { name } = requirePlugin('use', plugin)
    if (!this.#instances.has(plugin)) throw new PluginMissingError(act ?? `use ${name}`, name)
    // install() stored the Instance of this very plugin.
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
  throw new TypeError(
    `Cannot ${act} plugin: it is ${kindOf(plugin)}, expected what definePlugin() returns`,
  )
}
