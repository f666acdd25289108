/** The scenarios of topics: checks A5 to A9 and A11 of their design. */

import { audience } from './audience.mjs'
import { cold } from './cold.mjs'
import { fanOut, fanOutOfTwo } from './fan-out.mjs'
import { latency } from './latency.mjs'
import { presence } from './presence.mjs'
import { resume } from './resume.mjs'
import { slow } from './slow.mjs'

export const TOPIC_SCENARIOS = [
  audience,
  cold,
  latency,
  fanOut,
  fanOutOfTwo,
  slow,
  resume,
  presence,
]
