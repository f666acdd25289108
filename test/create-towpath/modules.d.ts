/**
 * The modules of `create-towpath`, as far as tests use them: they are plain JavaScript.
 */

declare module '*/create-towpath/questions.mjs' {
  import type { Readable, Writable } from 'node:stream'

  export function complete(
    given: {
      readonly folder: string | null
      readonly template: string | null
      readonly towpath: string | null
      readonly yes: boolean
    },
    terminal: { readonly input: Readable; readonly output: Writable },
  ): Promise<{ folder: string; template: string; towpath: string | null }>
}
