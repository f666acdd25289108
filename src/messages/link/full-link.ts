/**
 * A link that can do everything.
 */

import { Answers } from './answers.ts'
import type { IncomingMessages } from './arrivals.ts'
import { Checks } from './checks.ts'
import { Link } from './link.ts'
import type { LinkFeatures } from './features.ts'
import type { LinkPort, LinkSettings } from './port.ts'

const ALL: LinkFeatures = {
  createChecks: (owner) => new Checks(owner),
  createAnswers: (link) => new Answers(link),
}

/** @param incoming of a connection, which outlives its sessions; absent: the link has its own. */
export function createFullLink(
  port: LinkPort,
  settings: LinkSettings,
  incoming?: IncomingMessages,
): Link {
  return new Link(port, settings, ALL, incoming)
}
