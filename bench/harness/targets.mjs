/**
 * The targets of the project, read from the results of one run. A timing is never a test: this
 * says what was reached, and fails nothing.
 */

import { median, ratio } from './statistics.mjs'

/**
 * Ratios are ours ÷ theirs. Of `atMost` and `atLeast` each target has one.
 */
const TARGETS = [
  { case: 'echo 64x1x32', metric: 'cpu', atMost: 1.2, against: 'uws' },
  { case: 'echo 64x1x32', metric: 'cpu', atMost: 0.65, against: 'ws' },
  { case: 'echo 1000x1x32', metric: 'cpu', atMost: 1.3, against: 'uws' },
  { case: 'echo 1000x1x32', metric: 'cpu', atMost: 0.65, against: 'ws' },
  { case: 'scale 10000x1x32', metric: 'cpu', atMost: 1.5, against: 'uws' },
  { case: 'echo 64x16x32', metric: 'rate', atLeast: 1.1, against: 'uws' },
  { case: 'echo 64x16x32', metric: 'rate', atLeast: 5, against: 'ws' },
  { case: 'echo 1x64x32', metric: 'rate', atLeast: 1.1, against: 'uws' },
  { case: 'echo 1x64x32', metric: 'rate', atLeast: 5, against: 'ws' },
  { case: 'echo 64x1x4096', metric: 'cpu', atMost: 1.25, against: 'uws' },
  { case: 'echo 8x1x65536', metric: 'cpu', atMost: 1.3, against: 'uws' },
  { case: 'echo 8x1x65536', metric: 'cpu', atMost: 0.5, against: 'ws' },
  { case: 'fresh 8x1x65536', metric: 'cpu', atMost: 1.3, against: 'uws' },
  ...['64x1x32', '64x16x32', '64x1x4096'].flatMap((shape) => [
    { case: `tls ${shape}`, metric: 'cpu', atMost: 0.85, against: 'ws' },
    { case: `tls ${shape}`, metric: 'cpu', atMost: 1.3, against: 'uws' },
  ]),
  { case: 'handshake open-close', metric: 'cpu', atMost: 0.45, against: 'ws' },
  { case: 'handshake open-close', metric: 'cpu', atMost: 1.7, against: 'uws' },
  { case: 'handshake open-close-tls', metric: 'cpu', atMost: 0.9, against: 'ws' },
  { case: 'handshake open-close-tls-resumed', metric: 'cpu', atMost: 0.9, against: 'ws' },
  { case: 'idle 10000', metric: 'each', atMost: 2.5, unit: 'KiB' },
  { case: 'idle 10000-deflate', metric: 'each', atMost: 3, unit: 'KiB' },
  { case: 'fan-out 1-1000x100', metric: 'rate', atLeast: 1, against: 'uws' },
  { case: 'fan-out 1-1000x4096', metric: 'rate', atLeast: 1, against: 'uws' },
  { case: 'fan-out 1-1000x100', metric: 'rate', atLeast: 3, against: 'ws' },
  { case: 'deflate kept-1', metric: 'cpu', atMost: 1.2, against: 'uws' },
  { case: 'deflate kept-1', metric: 'rate', atLeast: 3, against: 'ws' },
  { case: 'deflate kept-16', metric: 'rate', atLeast: 3, against: 'ws' },
  ...['64x1', '1x64'].flatMap((shape) => [
    {
      case: `messages ${shape}`,
      of: 'messages',
      metric: 'cpu',
      atMost: 3,
      against: 'messages-loop',
    },
    { case: `messages ${shape}`, of: 'messages', metric: 'cpu', atMost: 1, against: 'socket.io' },
  ]),
  { case: 'topics-audience 1-100000', of: 'topics-redis', metric: 'p99', atMost: 1500, unit: 'ms' },
  { case: 'topics-audience 1-100000', of: 'topics-redis', metric: 'cpu', atMost: 2.6, unit: 'µs' },
  ...['topics-redis', 'topics-nats'].map((of) => ({
    case: 'topics-latency 1-1000x50',
    of,
    metric: 'p99',
    atMost: 10,
    unit: 'ms',
  })),
  { case: 'topics-latency 1-1000x50', of: 'topics', metric: 'p99', atMost: 3, unit: 'ms' },
  ...[
    { against: 'uws-publish', atMost: 1.18 },
    { against: 'ws-loop', atMost: 0.33 },
    { against: 'centrifugo', atMost: 1 },
  ].map((more) => ({ case: 'topics-fan-out 1-1000x100', of: 'topics', metric: 'cpu', ...more })),
  ...['socket.io-redis', 'socket.io-streams'].map((against) => ({
    case: 'topics-fan-out-2 1-1000x100',
    of: 'topics-redis',
    metric: 'cpu',
    atMost: 0.2,
    against,
  })),
  { case: 'topics-slow 4x250', of: 'topics', metric: 'others', atMost: 1.2, unit: '×' },
  { case: 'topics-slow 4x250', of: 'topics', metric: 'growth', atMost: 64, unit: 'KiB' },
  ...['topics-redis', 'topics-nats'].flatMap((of) => [
    { case: 'topics-resume 10000x100', of, metric: 'reads', atMost: 2, unit: 'reads' },
    { case: 'topics-resume 10000x100', of, metric: 'live', atMost: 3, unit: 's' },
  ]),
  { case: 'echo 64x1x32', of: 'towpath-stream', metric: 'rate', atLeast: 1, against: 'ws' },
  { case: 'echo 64x16x32', of: 'towpath-stream', metric: 'rate', atLeast: 4, against: 'ws' },
]

/**
 * Compares results with the targets.
 *
 * @param {Map<string, Record<string, object[]>>} samples by "<scenario> <case>", then by server
 * @returns {{ what: string, target: string, measured: number, met: boolean }[]} those that were measured
 */
export function checkTargets(samples) {
  return TARGETS.map((target) => check(target, samples)).filter((row) => row !== null)
}

function check(target, samples) {
  const { case: name, of = 'towpath', metric, against, againstCase, atMost, atLeast, unit } = target
  const ours = values(samples, name, of, metric)
  if (ours === null) return null
  let measured = median(ours)
  let compared = ''
  if (against !== undefined || againstCase !== undefined) {
    const theirs = values(samples, againstCase ?? name, against ?? of, metric)
    if (theirs === null) return null
    // Two cases were not measured side by side: only their medians can be compared.
    measured = against ? ratio(ours, theirs).median : measured / median(theirs)
    compared = against ? ` × ${against}` : ` × ${againstCase}`
  }
  return {
    what: `${name}, ${of}: ${metric}`,
    target: `${atMost === undefined ? '≥' : '≤'} ${atMost ?? atLeast}${unit ? ` ${unit}` : ''}${compared}`,
    measured,
    met: atMost === undefined ? measured >= atLeast : measured <= atMost,
  }
}

function values(samples, name, server, metric) {
  const rounds = samples.get(name)?.[server]
  if (!rounds || rounds.length === 0) return null
  return rounds.map((round) => round[metric])
}
