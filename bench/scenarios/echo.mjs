/** Echo in the shapes of the performance table: connections × in flight × bytes. */

import { CPU, MEMORY, RATE, measureMessages } from './metrics.mjs'

/** The six shapes of the table. */
export const SHAPES = ['64x1x32', '64x16x32', '1x64x32', '64x1x4096', '8x1x65536', '1000x1x32']

export const echo = {
  name: 'echo',
  title: 'Echo',
  explain:
    'The title is connections × messages in flight × bytes. Every reply is compared byte for ' +
    'byte. CPU is that of the server, all threads, as counted by the operating system.',
  metrics: [CPU, RATE, MEMORY],
  cases: ({ shapes = SHAPES } = {}) => shapes.map(echoCase),
}

/** The same over many connections: the cost of a message should not depend on their number. */
export const scale = {
  name: 'scale',
  title: 'Echo over many connections',
  explain: '100, 1 000 and 10 000 connections, each with one message of 32 bytes in flight.',
  metrics: [CPU, RATE, MEMORY],
  cases: () => ['100x1x32', '1000x1x32', '10000x1x32'].map(echoCase),
}

/** Large messages in a process that has just started: its memory has not been touched before. */
export const fresh = {
  name: 'fresh',
  title: 'Echo of large messages in a new process',
  explain: 'As echo, in a new process for each round and without a warm-up.',
  fresh: true,
  metrics: [CPU, RATE, MEMORY],
  cases: () =>
    ['8x1x65536', '64x1x4096'].map((shape) => ({
      ...echoCase(shape),
      measure: (server, run) =>
        measureMessages('echo', server, { ...run, warmup: { warmup: 0 } }, readShape(shape)),
    })),
}

/** The same through TLS, which no server here reads from the bare socket. */
export const tls = {
  name: 'tls',
  title: 'Echo over TLS',
  explain: 'As echo, through TLS 1.3 with a certificate of 2048 bits.',
  metrics: [CPU, RATE, MEMORY],
  cases: () =>
    ['64x1x32', '64x16x32', '64x1x4096'].map((shape) => ({
      ...echoCase(shape),
      needs: 'tls',
      server: { tls: true },
      measure: (server, run) =>
        measureMessages('echo', server, run, { ...readShape(shape), tls: true }),
    })),
}

function echoCase(shape) {
  return {
    name: shape,
    title: shape.replaceAll('x', ' × '),
    measure: (server, run) => measureMessages('echo', server, run, readShape(shape)),
  }
}

function readShape(shape) {
  const [connections, inFlight, bytes] = shape.split('x').map(Number)
  if (!(connections > 0 && inFlight > 0 && bytes > 0)) {
    throw new TypeError(`Cannot read shape "${shape}", expected connections x in flight x bytes`)
  }
  return { connections, inFlight, bytes }
}
