/**
 * The dashboard page: one reconnecting connection, and the elements that show it. It loads the
 * built library; an application would use a bundler.
 */

import { connect } from '/towpath/browser-client.js'
import { follow, inUnits } from '/reconnecting-dashboard/dashboard.js'

const $ = (id) => document.getElementById(id)
const numbers = new Intl.NumberFormat()

const url = new URL('/reconnecting-dashboard/feed', location.href)
url.protocol = url.protocol.replace('http', 'ws')
const connection = connect(url, {
  heartbeat: { period: 10_000, timeout: 5_000 },
  whileAway: 'drop',
})

$('drop').addEventListener('click', () => void connection.send('drop'))
$('retry').addEventListener('click', () => connection.retryNow())
$('close').addEventListener('click', () => void connection.close())
$('again').addEventListener('click', () => location.reload())

const clockTime = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' })
const CHART_SECONDS = 60
const MIN_CHART_PERCENT = 2
const cpu = []

await follow(connection, {
  showReading({ uptimeSeconds, memoryMiB, viewers, cpuPercent }) {
    $('uptime').textContent = inUnits(uptimeSeconds)
    $('cpu').textContent = `${numbers.format(cpuPercent)} %`
    cpu.push(cpuPercent)
    if (cpu.length > CHART_SECONDS) cpu.shift()
    // An idle server uses less than a percent, so the chart is as high as its highest second.
    const highest = Math.max(MIN_CHART_PERCENT, ...cpu)
    const points = cpu.map((percent, index) => `${index},${99 - (percent / highest) * 98}`)
    $('chart').setAttribute('points', points.join(' '))
    $('memory').textContent = `${numbers.format(memoryMiB)} MiB`
    $('viewers').textContent = numbers.format(viewers)
  },
  showState(state, words) {
    $('state').dataset.state = state
    $('state').textContent = words
    $('drop').disabled = state !== 'open'
    $('retry').disabled = state !== 'waiting'
    $('readings').classList.toggle('stale', state !== 'open')
    for (const id of ['drop', 'retry', 'close']) $(id).hidden = state === 'closed'
    $('again').hidden = state !== 'closed'
    const line = document.createElement('li')
    const now = new Date()
    const time = document.createElement('time')
    time.dateTime = now.toISOString()
    time.textContent = clockTime.format(now)
    line.append(time, words)
    $('states').prepend(line)
    while ($('states').childElementCount > 50) $('states').lastElementChild.remove()
  },
})
