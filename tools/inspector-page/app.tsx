/**
 * The page: a bar, charts, and tables.
 */

import { useEffect, useRef, useState } from 'preact/hooks'
import { Chart, type Curve } from './chart.tsx'
import { age, count, type Format, share, size, time } from './format.ts'
import type { Live, Snapshot, Status } from './live.ts'
import { Closes, Failures, Refusals, Routes, TopicList } from './sections.tsx'
import { Sessions } from './sessions.tsx'

const CHARTS: ReadonlyArray<{ title: string; format: Format; curves: readonly Curve[] }> = [
  {
    title: 'Sessions',
    format: count,
    curves: [{ name: 'sessions', label: 'running', color: 'one' }],
  },
  {
    title: 'Connections a second',
    format: count,
    curves: [
      { name: 'opened', label: 'opened', color: 'one' },
      { name: 'closed', label: 'closed', color: 'two' },
      { name: 'refused', label: 'refused', color: 'three' },
    ],
  },
  {
    title: 'Messages a second',
    format: count,
    curves: [
      { name: 'messagesIn', label: 'in', color: 'one' },
      { name: 'messagesOut', label: 'out', color: 'two' },
    ],
  },
  {
    title: 'Bytes a second',
    format: size,
    curves: [
      { name: 'bytesIn', label: 'in', color: 'one' },
      { name: 'bytesOut', label: 'out', color: 'two' },
    ],
  },
  {
    title: 'Waiting bytes',
    format: size,
    curves: [
      { name: 'unread', label: 'for handlers', color: 'one' },
      { name: 'unsent', label: 'for clients', color: 'two' },
    ],
  },
  {
    title: 'Round trip of pings',
    format: time,
    curves: [
      { name: 'roundTrip50', label: 'median', color: 'one' },
      { name: 'roundTrip99', label: 'p99', color: 'two' },
    ],
  },
  {
    title: 'Event-loop delay',
    format: time,
    curves: [
      { name: 'loop50', label: 'median', color: 'one' },
      { name: 'loop99', label: 'p99', color: 'two' },
      { name: 'loopMax', label: 'max', color: 'three' },
    ],
  },
  {
    title: 'Memory',
    format: size,
    curves: [
      { name: 'resident', label: 'process', color: 'one' },
      { name: 'heap', label: 'heap', color: 'two' },
      { name: 'held', label: 'sessions', color: 'three' },
    ],
  },
]

const WINDOWS = [
  { label: '1 min', seconds: 60 },
  { label: '5 min', seconds: 300 },
  { label: '10 min', seconds: 600 },
]

const STATUS: Readonly<Record<Status, string>> = {
  connecting: 'Connecting',
  live: 'Live',
  offline: 'Offline, trying again',
  full: 'Too many pages are open, trying again',
  refused: 'Not authorized',
}

const THEMES = ['auto', 'light', 'dark'] as const
type Theme = (typeof THEMES)[number]

export function App({ live }: { readonly live: Live }) {
  const filter = useRef<HTMLInputElement>(null)
  const [seconds, setSeconds] = useState(60)
  const [theme, turn] = useTheme()
  useKeys({
    '/': () => filter.current?.focus(),
    p: () => live.pause(),
    t: turn,
    Escape: () => live.dismiss(),
  })
  const { snapshot, samples } = live
  const sessions = snapshot?.facts.sample.sessions ?? null
  useEffect(() => {
    const title = 'Towpath inspector'
    document.title = sessions === null ? title : `${count(sessions)} sessions · ${title}`
  }, [sessions])
  return (
    <>
      <Bar live={live} theme={theme} turn={turn} seconds={seconds} setSeconds={setSeconds} />
      <main>
        {live.status === 'refused' ? <Refused /> : null}
        {snapshot === null ? null : <Summary live={live} snapshot={snapshot} />}
        <div class={live.status === 'live' ? 'charts' : 'charts stale'}>
          {CHARTS.map(({ title, format, curves }) => (
            <Chart
              key={title}
              title={title}
              format={format}
              curves={curves}
              samples={samples}
              version={snapshot?.facts.at ?? 0}
              seconds={seconds}
              theme={theme.shown}
            />
          ))}
        </div>
        {snapshot === null ? null : (
          <div class="panels">
            <Sessions live={live} snapshot={snapshot} filter={filter} />
            <Routes rows={snapshot.facts.routes} />
            <Closes facts={snapshot.facts} />
            <div class="column">
              <Refusals facts={snapshot.facts} />
              <TopicList facts={snapshot.facts} />
            </div>
            <Failures failures={snapshot.facts.failures} />
          </div>
        )}
      </main>
      <p class="notice" role="status">
        {live.notice}
      </p>
    </>
  )
}

interface BarProps {
  readonly live: Live
  readonly theme: ShownTheme
  readonly turn: () => void
  readonly seconds: number
  readonly setSeconds: (seconds: number) => void
}

function Bar({ live, theme, turn, seconds, setSeconds }: BarProps) {
  const { hello, status, isPaused } = live
  const shown = status === 'live' && isPaused ? 'Paused' : STATUS[status]
  return (
    <header class="bar">
      <h1>
        <svg viewBox="0 0 32 32" aria-hidden="true">
          <rect width="32" height="32" rx="7" />
          <path d="M5 21h4l4-11 5 15 4-9h5" />
        </svg>
        Towpath <span>inspector</span>
      </h1>
      <p class={`status ${isPaused ? 'paused' : status}`} role="status">
        {shown}
      </p>
      {hello === null ? null : (
        <p class="where soft">
          {hello.process.host} · pid {hello.process.pid} · Node {hello.process.node.slice(1)}
          {hello.operator === null ? '' : ` · ${hello.operator}`}
        </p>
      )}
      <div class="tools">
        <div class="segments" role="group" aria-label="Time on the charts">
          {WINDOWS.map((each) => (
            <button
              key={each.label}
              type="button"
              aria-pressed={each.seconds === seconds}
              onClick={() => setSeconds(each.seconds)}
            >
              {each.label}
            </button>
          ))}
        </div>
        <button type="button" aria-keyshortcuts="p" onClick={() => live.pause()} title="Key: p">
          {isPaused ? 'Resume' : 'Pause'}
        </button>
        <button
          type="button"
          aria-label={`Theme: ${theme.chosen}`}
          aria-keyshortcuts="t"
          onClick={turn}
          title="Key: t"
        >
          {{ auto: '◐ Auto', light: '○ Light', dark: '● Dark' }[theme.chosen]}
        </button>
      </div>
    </header>
  )
}

function Refused() {
  return (
    <p class="banner" role="alert">
      The server does not let this page look.{' '}
      <button type="button" onClick={() => location.reload()}>
        Reload
      </button>
    </p>
  )
}

/** What decides whether an operator has to act. */
function Summary({ live, snapshot }: { readonly live: Live; readonly snapshot: Snapshot }) {
  const { facts } = snapshot
  const { sample, budget } = facts
  const used = budget.limit === null ? null : budget.used / budget.limit
  return (
    <dl class="summary card">
      <div>
        <dt>State</dt>
        <dd class={facts.state === 'running' ? 'good' : 'bad'}>{facts.state}</dd>
      </div>
      <div>
        <dt>Up for</dt>
        <dd>{live.hello === null ? '' : age(facts.at - live.hello.startedAt)}</dd>
      </div>
      <div>
        <dt>Opened</dt>
        <dd>{count(facts.opened)}</dd>
      </div>
      <div>
        <dt>Closed</dt>
        <dd>{count(facts.closed)}</dd>
      </div>
      <div>
        <dt>Refused</dt>
        <dd>{count(Object.values(facts.refusals).reduce((sum, each) => sum + each, 0))}</dd>
      </div>
      <div>
        <dt>Event loop</dt>
        <dd class={(sample.busy ?? 0) > 0.9 ? 'bad' : ''}>{share(sample.busy)}</dd>
      </div>
      <div>
        <dt>Processor</dt>
        <dd>{share(sample.cpu)}</dd>
      </div>
      <div class="meter-cell">
        <dt>Memory of sessions</dt>
        <dd class={(used ?? 0) > 7 / 8 ? 'bad' : ''}>
          {size(budget.used)}
          <span class="soft"> of {budget.limit === null ? 'no limit' : size(budget.limit)}</span>
          {used === null ? null : (
            <i class="meter" role="img" aria-label={share(used)}>
              <i style={{ width: `${Math.min(used, 1) * 100}%` }} />
            </i>
          )}
        </dd>
      </div>
    </dl>
  )
}

interface ShownTheme {
  readonly chosen: Theme
  /** Changes whenever the colours do. */
  readonly shown: string
}

const STORED = 'towpath-inspector-theme'

function useTheme(): [ShownTheme, () => void] {
  const [chosen, choose] = useState<Theme>(storedTheme)
  const [isDark, setIsDark] = useState(false)
  useEffect(() => {
    const query = matchMedia('(prefers-color-scheme: dark)')
    const changed = (): void => setIsDark(query.matches)
    changed()
    query.addEventListener('change', changed)
    return () => query.removeEventListener('change', changed)
  }, [])
  document.documentElement.style.colorScheme = chosen === 'auto' ? 'light dark' : chosen
  const turn = (): void => {
    const next = THEMES[(THEMES.indexOf(chosen) + 1) % THEMES.length] ?? 'auto'
    store(next)
    choose(next)
  }
  const shown = chosen === 'auto' ? (isDark ? 'dark' : 'light') : chosen
  return [{ chosen, shown }, turn]
}

function storedTheme(): Theme {
  try {
    const stored = localStorage.getItem(STORED)
    return THEMES.find((theme) => theme === stored) ?? 'auto'
  } catch {
    return 'auto' // Storage may be forbidden.
  }
}

function store(theme: Theme): void {
  try {
    localStorage.setItem(STORED, theme)
  } catch {
    // Then the choice lasts as long as the page.
  }
}

/** Keys that work where no text is written. */
function useKeys(keys: Readonly<Record<string, () => void>>): void {
  const current = useRef(keys)
  current.current = keys
  useEffect(() => {
    const pressed = (event: KeyboardEvent): void => {
      const { target, key, ctrlKey, metaKey, altKey } = event
      const isWriting =
        target instanceof Element && target.closest('input, select, dialog') !== null
      if (isWriting || ctrlKey || metaKey || altKey) return
      const act = Object.hasOwn(current.current, key) ? current.current[key] : undefined
      if (act === undefined) return
      event.preventDefault()
      act()
    }
    document.addEventListener('keydown', pressed)
    return () => document.removeEventListener('keydown', pressed)
  }, [])
}
