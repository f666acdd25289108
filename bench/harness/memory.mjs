/** The memory of a server that has come to rest. */

import { setTimeout as sleep } from 'node:timers/promises'

/**
 * The pause before each collection. The young generation of V8 grows to 32 MiB while connections are
 * opened, and is given back by a collection that finds little allocated for five seconds. Otherwise
 * it would count as memory of connections, by chance more or less of it.
 */
const SETTLE_MS = 2600
const COLLECTIONS = 4
/** Another thread gives the pages back. */
const FREE_MS = 1500

/** Resident bytes of `server`, after the collections that make its heap as small as it gets. */
export async function settledBytes(server) {
  for (let time = 0; time < COLLECTIONS; time++) {
    await sleep(SETTLE_MS)
    await server.collect()
  }
  await sleep(FREE_MS)
  return server.residentBytes()
}
