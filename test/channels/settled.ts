/**
 * What has become of promises, without waiting for them.
 */

/** `pending` until the promise has settled; then its value, or what it was rejected with. */
export type Outcome<T> =
  | { readonly type: 'pending' }
  | { readonly type: 'value'; readonly value: T }
  | { readonly type: 'error'; readonly error: unknown }

/** Follows a promise: the function that is returned tells how it stands. */
export function follow<T>(promise: Promise<T>): () => Outcome<T> {
  let outcome: Outcome<T> = { type: 'pending' }
  promise.then(
    (value) => {
      outcome = { type: 'value', value }
    },
    (error: unknown) => {
      outcome = { type: 'error', error }
    },
  )
  return () => outcome
}

/** Lets everything run that waits for nothing but promises. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 32; turn++) await Promise.resolve()
}
