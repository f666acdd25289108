/** Reproducible randomness: the same seed gives the same bytes. */

/** Fills `target` with the next bytes, and returns it. */
export type FillRandom = (target: Uint8Array) => Uint8Array

/**
 * Makes a source of pseudorandom bytes (mulberry32), sufficient to make masks, ids and ping
 * payloads distinct.
 *
 * @param seed any whole number; its lower 32 bits count.
 */
export function createSeededRandom(seed: number): FillRandom {
  let state = seed | 0
  return (target) => {
    for (let index = 0; index < target.length; index++) {
      state = (state + 0x6d2b79f5) | 0
      let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
      mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
      target[index] = (mixed ^ (mixed >>> 14)) & 0xff
    }
    return target
  }
}
