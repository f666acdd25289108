/**
 * A promise that its owner settles, with as little memory as possible: each idle session waits for
 * one. Only the function that resolves it is kept, and no closure is made.
 */

/** Settles a promise. A promise of a rejection rejects it. */
export type Settle<R> = (result: R | Promise<R>) => void

/** Returns a pending promise. `takeSettle` returns its function; call it at once. */
export function capturedPromise<R>(): Promise<R> {
  return new Promise<R>(capture)
}

/** Returns the function that settles the promise that was made last. */
export function takeSettle<R>(): Settle<R> {
  const settle = captured as Settle<R> // of that very promise
  captured = ignore
  return settle
}

// `new Promise` calls `capture` before it returns.
let captured: (result: never) => void = ignore

function capture(resolve: (result: never) => void): void {
  captured = resolve
}

function ignore(): void {
  // Never called.
}
