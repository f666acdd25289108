/** All scenarios, in the order in which they are run and reported. */

import { deflate } from './deflate.mjs'
import { echo, fresh, scale, tls } from './echo.mjs'
import { fanOut } from './fan-out.mjs'
import { handshake } from './handshake.mjs'
import { http2 } from './http2.mjs'
import { idle } from './idle.mjs'
import { latency } from './latency.mjs'
import { messages } from './messages.mjs'
import { scaling } from './scaling.mjs'
import { slowReader } from './slow-reader.mjs'
import { storm } from './storm.mjs'

/**
 * A scenario has `metrics`, and `cases()` that each have a `measure(server, { core, seconds, warmup })` which
 * resolves with one number per metric. `needs` names what a server must have for a case; `fresh` = a
 * new process for each round; `servers` = those that it is about, whichever were asked for.
 */
export const SCENARIOS = [
  echo,
  scale,
  fresh,
  fanOut,
  deflate,
  tls,
  handshake,
  storm,
  latency,
  idle,
  slowReader,
  scaling,
  messages,
  http2,
]
