/**
 * The parts of Hono that are used, by their shape. The package does not depend on Hono, so Hono's
 * own types are not imported.
 */

/** The parts of `Hono` that are used. */
export interface HonoLike {
  readonly routes: readonly HonoRoute[]
  // oxlint-disable-next-line typescript/no-explicit-any -- Hono's own parameters depend on its Env
  fetch(request: Request, env?: any): Response | Promise<Response>
}

/** The parts of `RouterRoute` that are used. */
export interface HonoRoute {
  readonly method: string
  readonly path: string
  readonly handler: object
}

/** The parts of `Context` that are used. */
export interface HonoContextLike {
  readonly req: { readonly raw: Request }
  body(data: null): Response
}
