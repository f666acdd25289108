/**
 * The parts of Nest that are used, by their shape. The package does not depend on Nest, so Nest's
 * own types are not imported.
 */

/** The parts of `INestApplication` that are used. */
export interface NestApplicationLike {
  getHttpServer(): object
}

/** The options of `@WebSocketGateway()` that are used. */
export interface NestGatewayOptions {
  /** @defaultValue '/' */
  readonly path?: string
}

/** `MessageHandler` of Nest: a method with `@SubscribeMessage()`. */
export interface NestMessageHandler {
  readonly message: unknown
  // oxlint-disable-next-line typescript/no-explicit-any -- the parameters of the user's method
  readonly callback: (...args: any[]) => unknown
}

/** The parts of an `Observable` of RxJS that are used. */
export interface NestObservable {
  subscribe(observer: {
    next(value: unknown): void
    error(error: unknown): void
    complete(): void
  }): { unsubscribe(): void }
}

/** A `DynamicModule` of Nest. */
export interface NestDynamicModule {
  // oxlint-disable-next-line typescript/no-explicit-any -- the type of a class in Nest
  readonly module: any
  // oxlint-disable-next-line typescript/no-explicit-any -- providers of Nest have many shapes
  readonly providers: any[]
}

/** The parts of `ModuleRef` of Nest that routes use. */
export interface NestModuleRef {
  // oxlint-disable-next-line typescript/no-explicit-any -- the token decides which provider it is
  get(token: any, options?: { readonly strict?: boolean }): any
}
