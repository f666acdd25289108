/**
 * Runs the cases of `towpath check` on a subject: the bytes that a peer sends, and every byte of
 * the answer, with the bytes cut in every way.
 */

import { expect } from 'vitest'
import type { Exchange, FrameCase, Step } from '../../../src/cli/check/check-case.ts'
import { judgeAnswer } from '../../../src/cli/check/judge.ts'
import { type AnswerFrame, AnswerReader } from '../../../src/cli/check/wire/answer-reader.ts'
import { pieces, plainFrame } from '../../../src/cli/check/wire/frame-bytes.ts'
import { isFrame, payloadPart } from '../../../src/cli/check/wire/wire-frame.ts'
import type { Role } from '../../../src/protocol/index.ts'
import { concat, wire } from '../../protocol/wire.ts'
import { hex, toHex } from '../../support/bytes.ts'
import type { Peer } from '../../support/peer.ts'
import { type Subject, turn } from './subject.ts'

/** How the bytes of a case are handed to the transport; what comes back may not depend on it. */
const CUTTINGS = {
  'at once': (frames: readonly Uint8Array[]) => [concat(...frames)],
  'frame by frame': (frames: readonly Uint8Array[]) => frames,
  'byte by byte': (frames: readonly Uint8Array[]) => pieces(concat(...frames), 1),
} as const

type Cutting = keyof typeof CUTTINGS
const ALL_CUTTINGS = ['at once', 'frame by frame', 'byte by byte'] as const

/** Above this size a case is not sent byte by byte. */
const BYTEWISE_BYTES = 600

/** Up to this size a large case is also sent at once: its end then arrives with its messages. */
const TOGETHER_BYTES = 128 * 1024

/** Between so many pieces what is written is also read. */
const PIECES_IN_TURN = 64

/** Runs one case in every cutting, or step by step if a step is more than bytes. */
export async function runCase(
  subject: Subject,
  { exchange: make, offer }: FrameCase,
  cuttings: readonly Cutting[] = ALL_CUTTINGS,
): Promise<void> {
  const each = make()
  const offered =
    offer === undefined ? subject : { ...subject, connect: () => subject.connect(offer) }
  const chunks = each.sends.map((step) => bytesOf(subject.role, step))
  const isPlain = chunks.every((chunk) => chunk !== null)
  const size = chunks.reduce((sum, chunk) => sum + (chunk?.length ?? 0), 0)
  if (!isPlain || each.isLarge === true) {
    expectStrict(each, subject.role, 'step by step', await stepByStep(offered, each))
  }
  if (!isPlain || (each.isLarge === true && size > TOGETHER_BYTES)) return
  for (const cutting of each.isLarge === true ? (['at once'] as const) : cuttings) {
    if (cutting === 'byte by byte' && size > BYTEWISE_BYTES) continue
    const got = await received(offered, CUTTINGS[cutting](chunks))
    expectStrict(each, subject.role, cutting, got)
  }
}

/** Sends `chunks` and the end of the stream. @returns all that came back, without masks. */
export async function exchange(
  subject: Subject,
  chunks: readonly Uint8Array[],
): Promise<Uint8Array> {
  return withoutMasks(await received(subject, chunks), subject.role)
}

/** @returns `null` for a step that is more than bytes. */
function bytesOf(role: Role, step: Step): Uint8Array | null {
  if (typeof step === 'string') return hex(step)
  if (isFrame(step)) return wire(role, step)
  if ('bytes' in step && step.size === undefined) return step.bytes
  return 'continues' in step ? payloadPart(role, step.continues, step.at) : null
}

async function received(subject: Subject, chunks: readonly Uint8Array[]): Promise<Uint8Array> {
  const peer = await subject.connect()
  for (const chunk of chunks) {
    if (peer.inbox.isEnded) break // it has been failed
    peer.send(chunk)
    if (chunks.length > 1) await turn()
  }
  return restOf(peer, subject.role)
}

/** Everything until the end of the stream. */
async function restOf(peer: Peer, role: Role): Promise<Uint8Array> {
  // A server ends first (§7.1.1). A client waits for that, so that a test has to do it.
  if (role === 'client') peer.end()
  const bytes = await peer.inbox.take(Infinity)
  peer.end()
  return bytes
}

async function stepByStep(subject: Subject, { sends }: Exchange): Promise<Uint8Array> {
  const { role } = subject
  const peer = await subject.connect()
  let taken: Uint8Array = new Uint8Array(0)
  // Few frames arrive one by one, so that a Close does not come with the messages before it.
  const perTurn = sends.length > PIECES_IN_TURN ? PIECES_IN_TURN : 1
  let sent = 0
  const send = async (bytes: Uint8Array): Promise<void> => {
    if (peer.inbox.isEnded) return
    peer.send(bytes)
    if (++sent % perTurn === 0) await turn()
  }
  for (const step of sends) {
    const bytes = bytesOf(role, step)
    if (bytes !== null) await send(bytes)
    else if (typeof step === 'string' || isFrame(step)) continue
    else if ('bytes' in step)
      for (const piece of pieces(step.bytes, step.size ?? 1)) await send(piece)
    else if ('awaits' in step) taken = await takeFrames(peer, role, taken, step.awaits)
    else if ('quiet' in step) await expectQuiet(subject, peer)
    else if ('ends' in step) peer.end()
  }
  return concat(taken, await restOf(peer, role))
}

/** Reads until `count` frames have come in all. */
async function takeFrames(
  peer: Peer,
  role: Role,
  taken: Uint8Array,
  count: number,
): Promise<Uint8Array> {
  const reader = new AnswerReader(role === 'client', Infinity)
  const parts = [taken]
  reader.read(taken)
  while (reader.frames.length < count) {
    const waiting = Math.max(1, peer.inbox.unread.length)
    const bytes = await peer.inbox.take(Math.min(waiting, reader.missingBytes))
    if (bytes.length === 0) break // it has ended
    parts.push(bytes)
    reader.read(bytes)
  }
  return concat(...parts)
}

/** Nothing may have come. On a network that cannot be waited for. */
async function expectQuiet(subject: Subject, peer: Peer): Promise<void> {
  if (subject.name.includes('memory') || subject.role === 'client') {
    for (let turns = 0; turns < 4; turns++) await subject.settle()
  }
  expect(toHex(peer.inbox.unread)).toBe('')
}

function expectStrict(each: Exchange, role: Role, cutting: string, bytes: Uint8Array): void {
  const { gets, isCompressed } = each
  const reader = new AnswerReader(role === 'client', Infinity)
  reader.read(bytes)
  if (isCompressed === true) {
    const { frames, problem } = reader
    const answer = { frames, problem, isCut: false, end: 'fin', isLate: false } as const
    const finding = judgeAnswer(each, answer, { windowBits: 15, hasTakeover: true })
    expect(finding).toEqual({ kind: 'good', why: '' })
    return
  }
  const got = withoutMasks(bytes, role)
  if (Buffer.compare(got, gets) === 0) return
  expect(`${cutting}: ${shown(got)}`).toBe(`${cutting}: ${shown(gets)}`)
}

/** As much as a person wants to see. */
function shown(bytes: Uint8Array): string {
  return `${toHex(bytes.subarray(0, 400))}${bytes.length > 400 ? ` … ${bytes.length} bytes` : ''}`
}

/**
 * Returns frames sent by `role` without masks, so that both roles are compared with the same bytes.
 * Throws if a client did not mask, or a server did (§5.1).
 */
export function withoutMasks(bytes: Uint8Array, role: Role): Uint8Array {
  const reader = new AnswerReader(role === 'client', Infinity)
  reader.read(bytes)
  if (reader.problem !== null)
    throw new Error(`a ${role} sent the wrong mask bit, or ${reader.problem}`)
  if (reader.isInsideFrame) throw new Error(`a ${role} sent a frame in part`)
  return concat(...reader.frames.map(unmasked))
}

function unmasked({ first, payload }: AnswerFrame): Uint8Array {
  return plainFrame(first, payload)
}
