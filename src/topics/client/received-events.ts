/**
 * Turns events of the wire into the items that an application gets.
 */

import type { EventItem } from '../kind/items.ts'
import { readBase64 } from '../wire/base64.ts'
import type { EventFields } from '../wire/messages.ts'

export function itemOf(fields: EventFields): EventItem {
  const { offset, at, key = null, publisher = null, bytes, data } = fields
  const event: unknown = typeof bytes === 'string' ? readBase64(bytes) : (bytes ?? data)
  return { type: 'event', offset, event, key, at, publisher }
}
