/**
 * Numbers as people read them.
 */

const WHOLE = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })
const DECIMAL = new Intl.NumberFormat('en', { maximumFractionDigits: 1 })
const CLOCK = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' })
const SIZES = ['B', 'KiB', 'MiB', 'GiB', 'TiB']

/** Shown where there is no value. */
export const NONE = '–'

export type Format = (value: number | null) => string

export const count: Format = (value) => {
  if (value === null) return NONE
  if (value >= 1e6) return `${DECIMAL.format(value / 1e6)} M`
  return value < 10 && !Number.isInteger(value) ? DECIMAL.format(value) : WHOLE.format(value)
}

export const size: Format = (value) => {
  if (value === null) return NONE
  let step = 0
  let left = value
  while (left >= 1024 && step < SIZES.length - 1) {
    left /= 1024
    step++
  }
  const digits = left < 10 && step > 0 ? DECIMAL : WHOLE
  return `${digits.format(left)} ${SIZES[step] ?? ''}`
}

export const time: Format = (ms) => {
  if (ms === null) return NONE
  if (ms >= 10_000) return `${DECIMAL.format(ms / 1000)} s`
  return ms < 10 ? `${DECIMAL.format(ms)} ms` : `${WHOLE.format(ms)} ms`
}

export const share: Format = (value) => (value === null ? NONE : `${WHOLE.format(value * 100)} %`)

/** A long time: its two largest units. */
export function age(ms: number): string {
  const seconds = Math.floor(ms / 1000)
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`
  const hours = Math.floor(minutes / 60)
  if (hours < 24) return `${hours} h ${minutes % 60} min`
  return `${Math.floor(hours / 24)} d ${hours % 24} h`
}

/** @param at milliseconds since 1970. */
export function clock(at: number): string {
  return CLOCK.format(at)
}
