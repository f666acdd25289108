/**
 * The result of a probe, and how it is printed.
 */

import type { StepTime } from './step-times.ts'

/** What a probe has found. Times are in milliseconds; `null`: not measured, or not so. */
export interface ProbeReport {
  readonly url: string
  readonly steps: readonly StepTime[]
  readonly status: number
  readonly protocol: string | null
  /** The extensions that the server agreed to; `null`: none. */
  readonly extensions: string | null
  /** The `Server` header of the answer. */
  readonly server: string | null
  /** A `null` in the list is a ping without a pong. */
  readonly pings: ReadonlyArray<number | null>
  readonly largest: LargestMessage | null
  readonly idle: IdleResult | null
  /** From the Close frame to the end of the connection. */
  readonly close: { readonly code: number; readonly clean: boolean; readonly ms: number }
}

/** The largest message that a server accepts. */
export interface LargestMessage {
  /** In bytes; 0: it accepted none. */
  readonly accepted: number
  /** The first size that was not accepted, and the close code; `null`: all were. */
  readonly refused: { readonly bytes: number; readonly code: number } | null
}

/** What happened to a silent connection. */
export interface IdleResult {
  /** How long it was silent. */
  readonly ms: number
  /**
   * - `alive`: it answered a ping after that time.
   * - `closed`: it was closed or lost after `ms`.
   * - `dead`: the ping got no answer. Something dropped the connection silently.
   */
  readonly outcome: 'alive' | 'closed' | 'dead'
  /** The close code; `null` unless it was closed. */
  readonly code: number | null
  /** The `pingPeriod` that keeps such a connection; `null`: none is needed. */
  readonly pingPeriod: number | null
}

/** A proxy counts from the last byte in either direction, and a ping may be late or lost. */
const PINGS_IN_TIMEOUT = 2.5
const SECOND_MS = 1000

/** Returns the period of pings, in whole seconds, that keeps a connection with this timeout. */
export function pingPeriodFor(idleTimeoutMs: number): number {
  const seconds = Math.floor(idleTimeoutMs / PINGS_IN_TIMEOUT / SECOND_MS)
  return Math.max(1, seconds) * SECOND_MS
}

/** Returns the lines for one part of the result. The texts of the report are printable. */
export function linesOf(report: Partial<ProbeReport>): string[] {
  const { steps, status, protocol, extensions, server, pings, largest, idle, close } = report
  return [
    ...(steps ?? []).map(({ step, ms }) => row(step, time(ms))),
    ...(status === undefined ? [] : [row('status', `${status}`)]),
    ...(protocol === undefined ? [] : [row('protocol', protocol ?? 'none')]),
    ...(extensions === undefined ? [] : [row('extensions', extensions ?? 'none')]),
    ...(server === undefined || server === null ? [] : [row('server', server)]),
    ...(pings === undefined || pings.length === 0 ? [] : [row('ping', pingText(pings))]),
    ...(largest === undefined || largest === null ? [] : [row('largest', largestText(largest))]),
    ...(idle === undefined || idle === null ? [] : [row('idle', idleText(idle))]),
    ...(close === undefined ? [] : [row('close', `${close.code}, ${time(close.ms)}`)]),
  ]
}

function row(name: string, text: string): string {
  return `${name.padEnd(12)}${text}`
}

function time(ms: number): string {
  return `${ms.toFixed(1)} ms`
}

function pingText(pings: ReadonlyArray<number | null>): string {
  const answered = pings.filter((ms) => ms !== null)
  const lost = pings.length - answered.length
  const rest = lost === 0 ? '' : `, ${lost} without a pong`
  if (answered.length === 0) return `no pong for ${lost}`
  const mean = answered.reduce((sum, ms) => sum + ms, 0) / answered.length
  const range = `min ${time(Math.min(...answered))}, max ${time(Math.max(...answered))}`
  return `mean ${time(mean)}, ${range}${rest}`
}

function largestText({ accepted, refused }: LargestMessage): string {
  const more =
    refused === null ? ' or more' : `; ${refused.bytes} bytes: closed with ${refused.code}`
  return `${accepted} bytes${more}`
}

function idleText({ ms, outcome, code, pingPeriod }: IdleResult): string {
  const seconds = `${(ms / SECOND_MS).toFixed(1)} s`
  if (outcome === 'alive') return `alive after ${seconds} of silence`
  const what = outcome === 'dead' ? `dead after ${seconds}` : `closed after ${seconds} with ${code}`
  return `${what}: set pingPeriod to ${(pingPeriod ?? 0) / SECOND_MS} s or less`
}
