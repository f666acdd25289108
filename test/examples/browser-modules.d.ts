/**
 * The pages' plain modules, as far as tests use them: TypeScript does not read JavaScript here.
 */

declare module '*/chat/public/transcript.js' {
  interface Said {
    readonly id: number
    readonly ref: string
  }

  interface Waiting {
    readonly type: 'say'
    readonly ref: string
    readonly text: string
  }

  export const MAX_UNCONFIRMED: number

  export class Transcript {
    welcome(message: { readonly epoch: string; readonly history: readonly Said[] }): {
      fresh: Said[]
      restarted: boolean
      missed: number
    }
    said(message: Said): boolean
    keep(ref: string, text: string): Waiting | null
    get unconfirmed(): Waiting[]
  }
}

declare module '*/reconnecting-dashboard/public/dashboard.js' {
  import type { ReconnectingWebSocket } from 'towpath/client'

  interface View {
    showReading(reading: { readonly viewers: number }): void
    showState(state: string, words: string): void
  }

  export function follow(connection: ReconnectingWebSocket, view: View): Promise<void>

  export function describe(state: object): string

  export function inUnits(seconds: number): string
}

declare module '*/chat/public/connection.js' {
  export function retryDelay(attempt: number, random: number): number
}

declare module '*/examples/public/chart.js' {
  export class Chart {
    add(at: number, value: number): void
    shapes(now: number, atLeast: number): { line: string; area: string; highest: number }
  }
}
