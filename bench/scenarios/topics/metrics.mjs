/** What the scenarios of topics have in common. */

export { CPU, RATE } from '../metrics.mjs'

/** From 90 % on the load generator may be what limits the figures of the row. */
export const LOAD_CPU = {
  key: 'load',
  title: 'load generator, % of a core',
  digits: 0,
  better: 'lower',
  ratio: false,
}
