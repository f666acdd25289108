/**
 * Starts the server with some traffic, and prints the address of the inspector. Ctrl-C stops it.
 */

import { startInspected } from './inspected.ts'
import { download, listen, misbehave, upload, visit } from './traffic.ts'

const { server, inspectorUrl } = await startInspected(Number(process.env['PORT'] ?? 8080))
const url = `ws://127.0.0.1:${server.address.port}`
console.log(`inspector: ${inspectorUrl}`)

/** Clients fail when the server stops. */
const ignored = (): void => {}

const listeners = Number(process.env['LISTENERS'] ?? 40)
for (let number = 0; number < listeners; number++) listen(url, number).catch(ignored)
for (let number = 0; number < 3; number++) {
  upload(url).catch(ignored)
  download(url).catch(ignored)
}
const timer = setInterval(() => {
  const code = Math.random() < 0.8 ? 1000 : 4001
  visit(url, Math.ceil(Math.random() * 40), code).catch(ignored)
  if (Math.random() < 0.1) misbehave(url).catch(ignored)
}, 150)

process.once('SIGINT', () => {
  clearInterval(timer)
  void server.stop({ grace: 0 }).then(() => process.exit())
})
