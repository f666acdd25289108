import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { describe, expect, expectTypeOf, it } from 'vitest'

import { createApplication } from '../../src/application/create-application.ts'
import { definePlugin } from '../../src/application/plugin.ts'
import { WebSockets } from '../../src/application/sessions/websockets-plugin.ts'

interface CounterOptions {
  readonly start?: number
  readonly step?: number
}

const Counter = definePlugin({
  name: 'Counter',
  optionNames: ['start', 'step'],
  install: (_app, options: CounterOptions) => ({ value: options.start ?? 0 }),
})

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

describe('definePlugin()', () => {
  it('makes a plugin whose install gives the instance, and plugin() the same later', () => {
    const app = createApplication()

    const counter = app.install(Counter, { start: 7 })

    expectTypeOf(counter).toEqualTypeOf<{ value: number }>()
    expect(counter).toEqual({ value: 7 })
    expect(app.plugin(Counter)).toBe(counter)
  })

  it('gives install the application, and {} when no options were given', () => {
    const app = createApplication()
    const seen: unknown[] = []
    const Watcher = definePlugin({
      name: 'Watcher',
      install: (target, options) => void seen.push(target, options),
    })

    app.install(Watcher)

    expect(seen).toEqual([app, {}])
  })

  it('wants options where one of them is required', () => {
    const Keyed = definePlugin({
      name: 'Keyed',
      install: (_app, options: { key: string }) => options.key,
    })
    const app = createApplication()

    // @ts-expect-error -- the option "key" is required
    expect(() => app.install(Keyed)).not.toThrow()
    expect(createApplication().install(Keyed, { key: 'k' })).toBe('k')
  })

  it.each([
    [{ name: '', install: () => {} }, 'Cannot define plugin: it has no name'],
    [{ install: () => {} }, 'Cannot define plugin: it has no name'],
    [{ name: 'X' }, 'Cannot define plugin "X": install is undefined, expected a function'],
    [null, 'Cannot define plugin: the definition is null, expected an object'],
  ])('refuses the definition %j', (definition, message) => {
    // @ts-expect-error -- what JavaScript may do
    expect(() => definePlugin(definition)).toThrow(message)
  })
})

describe('install()', () => {
  it('refuses an option that the plugin does not know, with the nearest', () => {
    const app = createApplication()

    // @ts-expect-error -- a slip of the fingers
    expect(() => app.install(Counter, { strat: 1 })).toThrow(
      new TypeError('Cannot install Counter: unknown option "strat", expected "start"'),
    )
    expect(() => app.plugin(Counter)).toThrow('not installed')
  })

  it('refuses options that are no object, and plugins that are none', () => {
    const app = createApplication()

    // @ts-expect-error -- what JavaScript may do
    expect(() => app.install(Counter, 5)).toThrow(
      'Cannot install Counter: the options argument is 5',
    )
    // @ts-expect-error -- what JavaScript may do
    expect(() => app.install('WebSockets')).toThrow(
      'Cannot install plugin: it is a string, expected what definePlugin() returns',
    )
  })

  it('installs a plugin once, and others of the same name never', () => {
    const app = createApplication()
    const Other = definePlugin({ name: 'Counter', install: () => {} })
    app.install(Counter)

    expect(() => app.install(Counter)).toThrow(
      expect.objectContaining({ code: 'TOWPATH_PLUGIN_DUPLICATE', plugin: 'Counter' }),
    )
    expect(() => app.install(Other)).toThrow(
      expect.objectContaining({ code: 'TOWPATH_PLUGIN_DUPLICATE' }),
    )
  })

  it('has not installed a plugin whose install throws', () => {
    const app = createApplication()

    expect(() => app.install(WebSockets, { timeout: -1 })).toThrow(RangeError)
    expect(() => app.install(WebSockets, { timeout: { milliseconds: 1 } })).not.toThrow()
  })
})

describe('plugin()', () => {
  it('throws PluginMissingError with the remedy', () => {
    expect(() => createApplication().plugin(Counter)).toThrow(
      expect.objectContaining({
        code: 'TOWPATH_PLUGIN_MISSING',
        plugin: 'Counter',
        message:
          'Cannot use Counter: plugin "Counter" is not installed, expected app.install(Counter) before it',
      }),
    )
  })
})

describe('install() in an editor', () => {
  it('shows the documentation of an option when it is pointed at', () => {
    const program = `import { createApplication, WebSockets } from '${ROOT}src/index.ts'
createApplication().install(WebSockets, { pingPeriod: 1000 })
`
    const file = join(ROOT, 'build', 'hover.ts')
    const service = ts.createLanguageService({
      getCompilationSettings: () => ({
        ...ts.getDefaultCompilerOptions(),
        strict: true,
        target: ts.ScriptTarget.ES2022,
        module: ts.ModuleKind.NodeNext,
        moduleResolution: ts.ModuleResolutionKind.NodeNext,
        allowImportingTsExtensions: true,
        noEmit: true,
      }),
      getScriptFileNames: () => [file],
      getScriptVersion: () => '1',
      getScriptSnapshot: (name) => {
        const text = name === file ? program : ts.sys.readFile(name)
        return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text)
      },
      getCurrentDirectory: () => ROOT,
      getDefaultLibFileName: ts.getDefaultLibFilePath,
      fileExists: (name) => name === file || ts.sys.fileExists(name),
      readFile: (name) => (name === file ? program : ts.sys.readFile(name)),
    })

    const shown = service.getQuickInfoAtPosition(file, program.indexOf('pingPeriod'))

    expect(ts.displayPartsToString(shown?.documentation)).toMatch(/ping/i)
  })
})
