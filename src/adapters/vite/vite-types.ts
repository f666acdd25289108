/**
 * The parts of Vite that are used, by their shape. The package does not depend on Vite, so Vite's
 * own types are not imported.
 */

/** The parts of `ViteDevServer` that are used. */
export interface ViteServerLike {
  /** `null` in middleware mode. */
  readonly httpServer: object | null
  readonly config: { readonly logger: { error(message: string): void } }
  readonly ws: { send(payload: ViteMessage): void }
  readonly environments: { readonly ssr: ViteEnvironmentLike }
  ssrLoadModule(url: string): Promise<Record<string, unknown>>
  close(): Promise<void>
}

/** The parts of `DevEnvironment` that are used. */
export interface ViteEnvironmentLike {
  readonly name: string
  readonly pluginContainer: {
    resolveId(id: string): Promise<{ readonly id: string } | null>
  }
  readonly moduleGraph: {
    invalidateModule(
      // oxlint-disable-next-line typescript/no-explicit-any -- Vite's own node, handed back to it
      module: any,
      // oxlint-disable-next-line typescript/no-explicit-any -- the same
      seen: Set<any>,
      timestamp: number,
      isHmr: boolean,
    ): void
  }
}

/** The parts of `EnvironmentModuleNode` that are used. */
export interface ViteModuleLike {
  readonly id: string | null
  readonly importers: ReadonlySet<ViteModuleLike>
}

/** What Vite tells the pages. */
export type ViteMessage =
  | { type: 'error'; err: { message: string; stack: string; plugin?: string; id?: string } }
  | { type: 'update'; updates: [] }

/** What Vite passes to `hotUpdate`. */
export interface ViteHotUpdate {
  readonly modules: ViteModuleLike[]
  readonly timestamp: number
}

/** A plugin of Vite, assignable to Vite's own `Plugin`. */
export interface TowpathVitePlugin {
  readonly name: string
  readonly apply: 'serve'
  configureServer(server: ViteServerLike): void
  hotUpdate(this: { readonly environment: { readonly name: string } }, update: ViteHotUpdate): void
}
