/**
 * One topic's presence between processes: sends changes of the own members, and keeps copies of the
 * members of other processes.
 *
 * Each process is the only writer of its part. A part has a version: a process whose copy has
 * another version asks for a snapshot.
 */

import type { WheelTimer } from '../../base/internal.ts'
import type { MemberChange, MemberTable } from './member-table.ts'
import { type MemberEntry, presenceChannelOf, type PresenceMessage } from './presence-messages.ts'
import type { PresenceParts } from './presence-parts.ts'

/** The owner of the member tables. */
export interface NodeMembersOwner {
  /** Members by processes. */
  readonly all: MemberTable
  /** Members of this process. */
  readonly own: MemberTable
  changed(change: MemberChange | null): void
  /** A process has answered. */
  answered(): void
  /** Every change has been sent. */
  idle(): void
}

/** The members of another process. */
interface Copy {
  version: number
  keys: Set<string>
}

const BATCH_MS = 100
/** The time from the last change to the beacon. */
const BEACON_MS = 3000
const RETRY_MS = 2000
const UTF8 = new TextEncoder()
const MEMBERS_PER_MESSAGE = 200
/** What the members of a message may have in JSON. A broker may refuse a message of 1 MiB. */
const BYTES_PER_MESSAGE = 128 * 1024

/** One topic. */
export class NodeMembers {
  readonly #name: string
  readonly #channel: string
  readonly #parts: PresenceParts
  readonly #owner: NodeMembersOwner
  readonly #copies = new Map<string, Copy>()
  /** Processes whose copy is missing or wrong. */
  readonly #needed = new Set<string>()
  /** Snapshots that have come in part. */
  readonly #partial = new Map<string, { part: number; members: MemberEntry[] }>()
  /** Keys whose changes are not sent yet. */
  #changed = new Set<string>()
  #version = 0
  #batch: WheelTimer | null = null
  #beacon: WheelTimer | null = null
  #retry: WheelTimer | null = null

  constructor(name: string, parts: PresenceParts, owner: NodeMembersOwner) {
    this.#name = name
    this.#channel = presenceChannelOf(name)
    this.#parts = parts
    this.#owner = owner
  }

  /** Whether every process that lives has answered. */
  get isComplete(): boolean {
    const { nodes, isUp } = this.#parts
    if (!isUp() || !nodes.isSettled || this.#needed.size > 0) return false
    for (const node of nodes.live) if (!this.#copies.has(node)) return false
    return true
  }

  /** Whether a change or a beacon has still to be sent. */
  get isBusy(): boolean {
    return this.#batch !== null || this.#beacon !== null
  }

  /** Begins to listen to other processes. */
  begin(): void {
    this.#parts.listen(this.#name)
    this.need(null)
  }

  /** Drops the copies of other processes, and stops to listen. */
  stop(): void {
    this.#parts.unlisten(this.#name)
    this.#retry?.cancel()
    this.#retry = null
    for (const node of this.#copies.keys()) this.forget(node)
    this.#needed.clear()
    this.#partial.clear()
  }

  end(): void {
    this.#flush()
    for (const timer of [this.#batch, this.#beacon, this.#retry]) timer?.cancel()
  }

  /** The copy of a process, or of all, has to be fetched. */
  need(node: string | null): void {
    const { nodes } = this.#parts
    for (const each of node === null ? nodes.live : [node]) this.#needed.add(each)
    nodes.ask([this.#name], node)
    this.#retryLater()
  }

  /** A process has gone. */
  forget(node: string): void {
    this.#needed.delete(node)
    this.#partial.delete(node)
    const copy = this.#copies.get(node)
    this.#copies.delete(node)
    for (const key of copy?.keys ?? []) this.#owner.changed(this.#owner.all.stand(node, key))
  }

  /** A member of this process has changed. @returns the change of the members of all processes. */
  ownChanged(key: string): MemberChange | null {
    const { nodes, isAlone, timers } = this.#parts
    const said = this.#owner.own.saidOf(key)
    if (!isAlone) {
      this.#changed.add(key)
      this.#batch ??= timers.schedule(BATCH_MS, () => this.#flush())
    }
    const { all } = this.#owner
    return said === null ? all.stand(nodes.id, key) : all.sit(nodes.id, key, said)
  }

  /** Sends all members of this process. */
  answer(): void {
    this.#flush()
    const members = [...this.#owner.own.keys].flatMap((key) => this.#entryOf(key))
    const parts = members.length === 0 ? [[]] : inParts(members)
    for (const [part, some] of parts.entries()) {
      const isLast = part === parts.length - 1
      this.#send({ type: 'snapshot', version: this.#version, part, isLast, members: some })
    }
  }

  message(message: PresenceMessage): void {
    const { node } = message
    const version = this.#copies.get(node)?.version
    if (message.type === 'delta') {
      if (version === message.from) this.#apply(node, message.changes, message.to)
      else this.#missed(node)
    } else if (message.type === 'beacon') {
      if (version !== message.version) this.#missed(node)
    } else if (message.type === 'snapshot') {
      this.#snapshot(message)
    }
  }

  #missed(node: string): void {
    if (!this.#needed.has(node)) this.need(node)
  }

  #snapshot(message: Extract<PresenceMessage, { type: 'snapshot' }>): void {
    const { node, version, part, isLast, members } = message
    const partial = part === 0 ? { part: 0, members: [] } : this.#partial.get(node)
    // A part was lost: the retry asks for the whole snapshot.
    if (partial === undefined || partial.part !== part) return
    partial.members.push(...members)
    partial.part++
    this.#partial.set(node, partial)
    if (!isLast) return
    this.#partial.delete(node)
    this.#needed.delete(node)
    const keys = new Set(partial.members.map(([key]) => key))
    const left = [...(this.#copies.get(node)?.keys ?? [])].filter((key) => !keys.has(key))
    this.#apply(node, [...left.map((key) => [key] as const), ...partial.members], version)
    this.#owner.answered()
  }

  #apply(
    node: string,
    changes: ReadonlyArray<MemberEntry | readonly [key: string]>,
    version: number,
  ): void {
    const copy = this.#copies.get(node) ?? { version, keys: new Set<string>() }
    copy.version = version
    this.#copies.set(node, copy)
    const { all } = this.#owner
    for (const change of changes) {
      const [key] = change
      if (change.length === 1) {
        copy.keys.delete(key)
        this.#owner.changed(all.stand(node, key))
      } else {
        const [, meta, stamp] = change
        copy.keys.add(key)
        this.#parts.nodes.sawStamp(stamp)
        this.#owner.changed(all.sit(node, key, { meta, stamp, by: node }))
      }
    }
  }

  /** Sends the changes. */
  #flush(): void {
    this.#batch?.cancel()
    this.#batch = null
    if (this.#changed.size === 0) return
    const all = Array.from(this.#changed, (key) => {
      const [entry = [key] as const] = this.#entryOf(key)
      return entry
    })
    this.#changed = new Set()
    const { nodes, timers } = this.#parts
    for (const changes of inParts(all)) {
      const from = this.#version
      this.#version = nodes.nextVersion()
      this.#send({ type: 'delta', from, to: this.#version, changes })
    }
    this.#beacon?.cancel()
    this.#beacon = timers.schedule(BEACON_MS, () => {
      this.#beacon = null
      this.#send({ type: 'beacon', version: this.#version })
      this.#owner.idle()
    })
  }

  /** The entry that other processes get; empty if this process has no seat with the key. */
  #entryOf(key: string): MemberEntry[] {
    const said = this.#owner.own.saidOf(key)
    return said === null ? [] : [[key, said.meta, said.stamp]]
  }

  /** Asks again while answers are missing, because an answer may be lost. */
  #retryLater(): void {
    this.#retry ??= this.#parts.timers.schedule(RETRY_MS, () => {
      this.#retry = null
      if (this.#needed.size === 0) return
      for (const node of this.#needed) this.#parts.nodes.ask([this.#name], node)
      this.#retryLater()
    })
  }

  #send(message: Sent): void {
    const { nodes } = this.#parts
    nodes.send(this.#channel, { ...message, node: nodes.id })
  }
}

/** Cuts a list into the parts that fit into a message. A larger entry has a part of its own. */
function inParts<Entry>(entries: readonly Entry[]): Entry[][] {
  const parts: Entry[][] = []
  let part: Entry[] = []
  let left = 0
  for (const entry of entries) {
    const bytes = UTF8.encode(JSON.stringify(entry)).length
    if (part.length === 0 || part.length === MEMBERS_PER_MESSAGE || bytes > left) {
      part = []
      parts.push(part)
      left = BYTES_PER_MESSAGE
    }
    part.push(entry)
    left -= bytes
  }
  return parts
}

type WithoutNode<T> = T extends PresenceMessage ? Omit<T, 'node'> : never
type Sent = WithoutNode<Extract<PresenceMessage, { type: 'delta' | 'beacon' | 'snapshot' }>>
