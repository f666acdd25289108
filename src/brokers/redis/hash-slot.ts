/**
 * Which of the 16 384 slots of a Redis Cluster a key or a channel belongs to.
 */

/** How many slots a cluster has. */
export const SLOTS = 16_384

/** CRC16 (XMODEM) of the hash tag, or of the whole name without one. */
export function slotOf(name: string): number {
  const open = name.indexOf('{')
  const close = open === -1 ? -1 : name.indexOf('}', open + 1)
  const tag = close > open + 1 ? name.slice(open + 1, close) : name
  let crc = 0
  for (const byte of Buffer.from(tag)) {
    crc ^= byte << 8
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1
    crc &= 0xffff
  }
  return crc % SLOTS
}
