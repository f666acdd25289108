/** Where the bench finds and keeps things. */

import { mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** The package's root folder, without a slash at its end. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '')

/** What the bench compiles and fetches; never part of the package. */
export const BUILD = `${ROOT}/build/bench`

/** The fetched peers' packages. */
export const PEERS = `${BUILD}/peers`

/** A key and a certificate for the TLS scenario. */
export const TLS = `${BUILD}/tls`

mkdirSync(BUILD, { recursive: true })
