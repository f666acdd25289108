/**
 * One contract in three schema libraries.
 */

import type { StandardSchemaV1 } from '@standard-schema/spec'
import { type } from 'arktype'
import * as v from 'valibot'
import { z } from 'zod'
import { bytes, type Contract, defineContract } from 'towpath/messages'

/** The schemas of the contract. They strip unknown keys. */
export interface Schemas {
  readonly text: StandardSchemaV1<{ text: string }>
  readonly said: StandardSchemaV1<{ from: string; text: string }>
  readonly room: StandardSchemaV1<{ room: string }>
  readonly lines: StandardSchemaV1<{ lines: string[] }>
  readonly number: StandardSchemaV1<{ n: number }>
}

/** By the name of the library. */
export const LIBRARIES: Readonly<Record<string, Schemas>> = {
  zod: {
    text: z.object({ text: z.string() }),
    said: z.object({ from: z.string(), text: z.string() }),
    room: z.object({ room: z.string() }),
    lines: z.object({ lines: z.array(z.string()) }),
    number: z.object({ n: z.number() }),
  },
  valibot: {
    text: v.object({ text: v.string() }),
    said: v.object({ from: v.string(), text: v.string() }),
    room: v.object({ room: v.string() }),
    lines: v.object({ lines: v.array(v.string()) }),
    number: v.object({ n: v.number() }),
  },
  arktype: {
    text: type({ text: 'string', '+': 'delete' }),
    said: type({ from: 'string', text: 'string', '+': 'delete' }),
    room: type({ room: 'string', '+': 'delete' }),
    lines: type({ lines: 'string[]', '+': 'delete' }),
    number: type({ n: 'number', '+': 'delete' }),
  },
}

/** The shape of the contract of the suite. */
export interface ChatShape {
  readonly name: string
  readonly version: 2
  readonly codecs: readonly string[]
  readonly errors: { readonly NO_SUCH_ROOM: Schemas['room']; readonly CLOSED: null }
  readonly client: {
    readonly say: { readonly event: Schemas['text'] }
    readonly history: { readonly request: Schemas['room']; readonly response: Schemas['lines'] }
    readonly ping: { readonly request: null }
    readonly watch: {
      readonly request: Schemas['room']
      readonly stream: Schemas['number']
      readonly response: Schemas['number']
    }
    readonly load: {
      readonly request: null
      readonly upload: Schemas['number']
      readonly response: Schemas['number']
    }
    readonly file: { readonly request: null; readonly stream: typeof bytes }
    readonly store: {
      readonly request: null
      readonly upload: typeof bytes
      readonly response: Schemas['number']
    }
  }
  readonly server: {
    readonly said: { readonly event: Schemas['said'] }
    readonly ask: { readonly request: Schemas['text']; readonly response: Schemas['text'] }
  }
}

/** The contract of the suite. */
export function chatContract(
  { text, said, room, lines, number }: Schemas,
  codecs: readonly string[] = ['json'],
): Contract<ChatShape> {
  const shape: ChatShape = {
    name: 'chat',
    version: 2,
    codecs,
    errors: { NO_SUCH_ROOM: room, CLOSED: null },
    client: {
      say: { event: text },
      history: { request: room, response: lines },
      ping: { request: null },
      watch: { request: room, stream: number, response: number },
      load: { request: null, upload: number, response: number },
      file: { request: null, stream: bytes },
      store: { request: null, upload: bytes, response: number },
    },
    server: { said: { event: said }, ask: { request: text, response: text } },
  }
  return defineContract<ChatShape>(shape)
}
