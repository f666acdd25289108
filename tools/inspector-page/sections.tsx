/**
 * The tables beside the sessions: routes, ends, refusals, limits and topics.
 */

import type { ComponentChildren } from 'preact'
import { AGES, type EndFacts, type Facts, type RouteRow } from '../../src/inspector/wire.ts'
import { clock, count, NONE, size } from './format.ts'

/** The names of registered close codes (RFC 6455 §7.4.1, IANA). */
const CODES: Readonly<Record<number, string>> = {
  1000: 'normal closure',
  1001: 'going away',
  1002: 'protocol error',
  1003: 'unsupported data',
  1005: 'no code',
  1006: 'no Close frame',
  1007: 'invalid data',
  1008: 'policy violation',
  1009: 'message too big',
  1010: 'extension missing',
  1011: 'internal error',
  1012: 'service restart',
  1013: 'try again later',
  1014: 'bad gateway',
}
const AGE_NAMES = [
  'below 10 s',
  '10 s to 1 min',
  '1 to 10 min',
  '10 min to 1 h',
  '1 h to 1 d',
  'above 1 d',
]

interface PanelProps {
  readonly title: string
  readonly note?: string
  readonly empty?: string | null
  readonly wide?: boolean
  readonly children: ComponentChildren
}

/** A card with a heading. `empty` replaces the content. */
export function Panel({ title, note = '', empty = null, wide = false, children }: PanelProps) {
  return (
    <section class={wide ? 'card panel wide' : 'card panel'}>
      <header>
        <h2>{title}</h2>
        <p class="soft">{note}</p>
      </header>
      {empty === null ? children : <p class="empty">{empty}</p>}
    </section>
  )
}

/** A table that scrolls by itself, also by keyboard. */
export function Scroller({ label, children }: { label: string; children: ComponentChildren }) {
  return (
    <div class="scroller" role="region" aria-label={label} tabIndex={0}>
      {children}
    </div>
  )
}

export function Routes({ rows }: { readonly rows: readonly RouteRow[] }) {
  return (
    <Panel title="Routes" empty={rows.length === 0 ? 'No session is running.' : null} wide>
      <Scroller label="Routes">
        <table>
          <thead>
            <tr>
              <th>Route</th>
              <th class="number">Sessions</th>
              <th>Age</th>
              <th class="number">Messages in</th>
              <th class="number">Messages out</th>
              <th class="number">Bytes in</th>
              <th class="number">Bytes out</th>
              <th class="number">Unread</th>
              <th class="number">Unsent</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.route}>
                <th scope="row" class="name">
                  {row.route}
                </th>
                <td class="number strong">{count(row.sessions)}</td>
                <td>
                  <Ages ages={row.ages} />
                </td>
                <td class="number">{count(row.messagesIn)}/s</td>
                <td class="number">{count(row.messagesOut)}/s</td>
                <td class="number">{size(row.bytesIn)}/s</td>
                <td class="number">{size(row.bytesOut)}/s</td>
                <td class="number">{size(row.unread)}</td>
                <td class="number">{size(row.unsent)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroller>
      <ul class="ages-key" aria-hidden="true">
        {AGE_NAMES.map((name, index) => (
          <li key={name}>
            <i class={`age age-${index}`} />
            {name}
          </li>
        ))}
      </ul>
    </Panel>
  )
}

/** How old the sessions of a route are, as one bar. */
function Ages({ ages }: { readonly ages: readonly number[] }) {
  const all = ages.reduce((sum, each) => sum + each, 0)
  const spoken = ages
    .map((each, index) => (each === 0 ? '' : `${count(each)} ${AGE_NAMES[index] ?? ''}`))
    .filter((text) => text !== '')
    .join(', ')
  return (
    <div class="ages" role="img" aria-label={spoken} title={spoken}>
      {ages.slice(0, AGES.length + 1).map((each, index) => (
        <i
          key={index}
          class={`age age-${index}`}
          style={{ flexGrow: all === 0 ? 0 : each / all }}
        />
      ))}
    </div>
  )
}

export function Closes({ facts }: { readonly facts: Facts }) {
  const { closes, closed } = facts
  return (
    <Panel
      title="Closes by code"
      note={`${count(closed)} sessions have ended`}
      empty={closes.length === 0 ? 'No session has ended yet.' : null}
    >
      <Scroller label="Closes by code">
        <table>
          <thead>
            <tr>
              <th>Code</th>
              <th class="number">Count</th>
              <th>Last</th>
              <th>By</th>
              <th>Cause</th>
            </tr>
          </thead>
          <tbody>
            {closes.map(({ code, count: ends, last }) => (
              <tr key={code}>
                <th scope="row">
                  <b>{code ?? 'others'}</b> <span class="soft">{nameOf(code)}</span>
                </th>
                <td class="number strong">{count(ends)}</td>
                <td>{clock(last.at)}</td>
                <td>{initiatorOf(last)}</td>
                <td class="cause">{causeOf(last)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroller>
    </Panel>
  )
}

export function Failures({ failures }: { readonly failures: readonly EndFacts[] }) {
  return (
    <Panel
      title="Last failures"
      note="Sessions that an error has ended"
      empty={failures.length === 0 ? 'No session has failed.' : null}
      wide
    >
      <Scroller label="Last failures">
        <table>
          <thead>
            <tr>
              <th>At</th>
              <th>Cause</th>
              <th>Code</th>
              <th>Route</th>
              <th>Remote</th>
              <th>Session</th>
            </tr>
          </thead>
          <tbody>
            {failures.map((end) => (
              <tr key={end.session}>
                <td>{clock(end.at)}</td>
                <td class="cause bad">{causeOf(end)}</td>
                <td>{end.code}</td>
                <td class="name">{end.route}</td>
                <td class="mono">{end.remote}</td>
                <td class="mono">{end.session}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroller>
    </Panel>
  )
}

export function Refusals({ facts }: { readonly facts: Facts }) {
  const { refusals, limits, dropped } = facts
  const groups = [
    ['Refused upgrades', Object.entries(refusals)],
    ['Limits reached', Object.entries(limits)],
    ['Frames dropped', Object.entries(dropped).filter(([, amount]) => amount > 0)],
  ] as const
  const isEmpty = groups.every(([, entries]) => entries.length === 0)
  return (
    <Panel
      title="Refusals, limits and drops"
      note="Since the start"
      empty={isEmpty ? 'Nothing was refused, limited or dropped.' : null}
    >
      <div class="groups">
        {groups.map(([title, entries]) => (
          <div key={title}>
            <h3>{title}</h3>
            {entries.length === 0 ? <p class="soft">none</p> : <Counts entries={entries} />}
          </div>
        ))}
      </div>
    </Panel>
  )
}

function Counts({ entries }: { readonly entries: ReadonlyArray<readonly [string, number]> }) {
  const sorted = [...entries].sort(([, one], [, other]) => other - one)
  return (
    <dl class="counts">
      {sorted.map(([name, amount]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{count(amount)}</dd>
        </div>
      ))}
    </dl>
  )
}

export function TopicList({ facts: { topics } }: { readonly facts: Facts }) {
  if (topics === null) return null
  const { broker, count: followed, rows } = topics
  return (
    <Panel
      title="Topics"
      note={`${count(followed)} topics · broker ${broker}`}
      empty={rows.length === 0 ? 'No topic has subscribers here.' : null}
    >
      <Scroller label="Topics">
        <table>
          <thead>
            <tr>
              <th>Topic</th>
              <th class="number">Subscribers</th>
              <th class="number">Events behind</th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ topic, subscribers, lag }) => (
              <tr key={topic}>
                <th scope="row" class="name">
                  {topic}
                </th>
                <td class="number strong">{count(subscribers)}</td>
                <td class="number">{count(lag)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroller>
    </Panel>
  )
}

function nameOf(code: number | null): string {
  if (code === null) return ''
  return CODES[code] ?? (code >= 4000 ? 'application' : 'library')
}

function initiatorOf({ initiator }: EndFacts): string {
  return { local: 'server', remote: 'client', none: NONE }[initiator]
}

function causeOf({ cause, reason }: EndFacts): string {
  return [cause, reason].filter((text) => text !== null && text !== '').join(': ') || NONE
}
