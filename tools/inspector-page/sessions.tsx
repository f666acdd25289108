/**
 * The table of sessions: sorted and filtered by the server, which sends the first rows.
 */

import type { Ref } from 'preact'
import { useRef, useState } from 'preact/hooks'
import { MAX_ROWS, type SessionRow, type Sort, type View } from '../../src/inspector/wire.ts'
import { age, count, size, time } from './format.ts'
import type { Live, Snapshot } from './live.ts'
import { Panel, Scroller } from './sections.tsx'

const PRESETS: ReadonlyArray<{ label: string; sort: Sort; order: View['order'] }> = [
  { label: 'Top talkers', sort: 'rate', order: 'descending' },
  { label: 'Slow readers', sort: 'unsent', order: 'descending' },
  { label: 'Slow handlers', sort: 'unread', order: 'descending' },
  { label: 'Slow pings', sort: 'roundTrip', order: 'descending' },
  { label: 'Oldest', sort: 'age', order: 'descending' },
  { label: 'Newest', sort: 'age', order: 'ascending' },
]

const COLUMNS: ReadonlyArray<{
  sort: Sort
  label: string
  title: string
  value: (row: SessionRow) => string
}> = [
  { sort: 'age', label: 'Age', title: 'Time since the handshake', value: (row) => age(row.age) },
  {
    sort: 'rate',
    label: 'Rate',
    title: 'Bytes a second, in both directions',
    value: ({ rate }) => `${size(rate)}/s`,
  },
  {
    sort: 'messages',
    label: 'Messages',
    title: 'Received and sent',
    value: ({ messages }) => count(messages),
  },
  { sort: 'bytes', label: 'Bytes', title: 'Received and sent', value: ({ bytes }) => size(bytes) },
  {
    sort: 'unread',
    label: 'Unread',
    title: 'Bytes that wait for the handler',
    value: ({ unread }) => size(unread),
  },
  {
    sort: 'unsent',
    label: 'Unsent',
    title: 'Bytes that wait for the client',
    value: ({ unsent }) => size(unsent),
  },
  {
    sort: 'roundTrip',
    label: 'Ping',
    title: 'Round-trip time of the last ping',
    value: ({ roundTrip }) => time(roundTrip),
  },
]

interface SessionsProps {
  readonly live: Live
  readonly snapshot: Snapshot
  readonly filter: Ref<HTMLInputElement>
}

export function Sessions({ live, snapshot, filter }: SessionsProps) {
  const { view } = live
  const { rows, matching, facts } = snapshot
  const [chosen, choose] = useState<SessionRow | null>(null)
  const total = facts.sample.sessions ?? 0
  const isStale = JSON.stringify(view) !== JSON.stringify(snapshot.view)
  return (
    <Panel title="Sessions" note={noteOf(rows.length, matching, total)} wide>
      <Controls live={live} snapshot={snapshot} filter={filter} />
      <Scroller label="Sessions">
        <table class={isStale ? 'sessions stale' : 'sessions'} aria-busy={isStale}>
          <Head live={live} />
          <tbody>
            {rows.map((row) => (
              <Row
                key={row.id}
                row={row}
                sort={view.sort}
                close={live.hello?.actions === true ? () => choose(row) : null}
              />
            ))}
          </tbody>
        </table>
      </Scroller>
      {rows.length === 0 ? (
        <p class="empty">
          {total === 0 ? 'No session is running.' : 'No session matches the route and the filter.'}
        </p>
      ) : null}
      <Confirmation
        row={chosen}
        done={(isSure) => {
          if (isSure && chosen !== null) live.close(chosen.id)
          choose(null)
        }}
      />
    </Panel>
  )
}

function Controls({ live, snapshot, filter }: SessionsProps) {
  const { view } = live
  const routes = snapshot.facts.routes.map(({ route }) => route)
  return (
    <div class="controls">
      <div class="presets" role="group" aria-label="Order">
        {PRESETS.map(({ label, sort, order }) => (
          <button
            key={label}
            type="button"
            aria-pressed={view.sort === sort && view.order === order}
            onClick={() => live.show({ sort, order })}
          >
            {label}
          </button>
        ))}
      </div>
      <label class="field">
        <span class="hidden">Route</span>
        <select
          value={view.route ?? ''}
          onChange={({ currentTarget: { value } }) =>
            live.show({ route: value === '' ? null : value })
          }
        >
          <option value="">All routes</option>
          {(view.route === null || routes.includes(view.route)
            ? routes
            : [view.route, ...routes]
          ).map((route) => (
            <option key={route} value={route}>
              {route}
            </option>
          ))}
        </select>
      </label>
      <label class="field grows">
        <span class="hidden">Filter by id, address or subprotocol</span>
        <input
          ref={filter}
          type="search"
          maxLength={100}
          placeholder="Filter by id, address or subprotocol"
          value={view.text}
          aria-keyshortcuts="/"
          onInput={({ currentTarget: { value } }) => live.show({ text: value.trim() })}
          onKeyDown={(event) => {
            if (event.key !== 'Escape') return
            event.preventDefault()
            // The first Escape empties the filter, the next one leaves it.
            if (view.text === '') event.currentTarget.blur()
            else live.show({ text: '' })
          }}
        />
        <kbd aria-hidden="true">/</kbd>
      </label>
    </div>
  )
}

function Head({ live }: { readonly live: Live }) {
  const { sort: sorted, order } = live.view
  const turned = order === 'descending' ? 'ascending' : 'descending'
  return (
    <thead>
      <tr>
        <th>Session</th>
        <th>Route</th>
        <th>Remote</th>
        <th>Protocol</th>
        {COLUMNS.map(({ sort, label, title }) => (
          <th key={sort} class="number" aria-sort={sort === sorted ? order : undefined}>
            <button
              type="button"
              title={title}
              onClick={() => live.show({ sort, order: sort === sorted ? turned : 'descending' })}
            >
              {label}
              <span class="arrow" aria-hidden="true">
                {sort !== sorted ? '' : order === 'descending' ? '↓' : '↑'}
              </span>
            </button>
          </th>
        ))}
        {live.hello?.actions === true ? (
          <th>
            <span class="hidden">Actions</span>
          </th>
        ) : null}
      </tr>
    </thead>
  )
}

interface RowProps {
  readonly row: SessionRow
  readonly sort: Sort
  readonly close: (() => void) | null
}

function Row({ row, sort: sorted, close }: RowProps) {
  return (
    <tr class={row.isClosing ? 'closing' : ''}>
      <th scope="row" class="mono" title={row.id}>
        {row.id}
      </th>
      <td class="name">{row.route}</td>
      <td class="mono">{row.remote}</td>
      <td>{row.protocol ?? ''}</td>
      {COLUMNS.map(({ sort, value }) => (
        <td key={sort} class={sort === sorted ? 'number strong' : 'number'}>
          {value(row)}
        </td>
      ))}
      {close === null ? null : (
        <td>
          <button
            type="button"
            class="small"
            // A button that is disabled loses the focus.
            aria-disabled={row.isClosing}
            onClick={() => {
              if (!row.isClosing) close()
            }}
          >
            {row.isClosing ? 'Closing' : 'Close'}
            <span class="hidden"> session {row.id}</span>
          </button>
        </td>
      )}
    </tr>
  )
}

interface ConfirmationProps {
  readonly row: SessionRow | null
  readonly done: (isSure: boolean) => void
}

function Confirmation({ row, done }: ConfirmationProps) {
  const shown = useRef<string | null>(null)
  return (
    <dialog
      aria-labelledby="confirm"
      ref={(dialog) => {
        const id = row?.id ?? null
        if (dialog === null || id === shown.current) return
        shown.current = id
        if (id === null) dialog.close()
        else dialog.showModal()
      }}
      onCancel={(event) => {
        event.preventDefault()
        done(false)
      }}
    >
      <h2 id="confirm">Close this session?</h2>
      <p>
        <span class="mono">{row?.id}</span> of <b>{row?.route}</b> from{' '}
        <span class="mono">{row?.remote}</span>. The client may connect again. The log says who
        closed it.
      </p>
      <div class="buttons">
        <button type="button" onClick={() => done(false)}>
          Cancel
        </button>
        <button type="button" class="danger" onClick={() => done(true)}>
          Close session
        </button>
      </div>
    </dialog>
  )
}

function noteOf(shown: number, matching: number, total: number): string {
  const those = matching === total ? count(total) : `${count(matching)} of ${count(total)}`
  return shown === MAX_ROWS && matching > MAX_ROWS ? `${those} · the first ${MAX_ROWS}` : those
}
