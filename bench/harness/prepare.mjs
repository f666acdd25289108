/** Makes everything a run needs: peers fetched, C compiled, a certificate made, the package built. */

import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'

import { BUILD, PEERS, ROOT, TLS } from './folders.mjs'

/** Exact versions: a figure without a version says nothing. */
const PEER_PACKAGES = {
  '@redis/client': '6.3.1',
  '@socket.io/redis-adapter': '8.3.0',
  '@socket.io/redis-streams-adapter': '0.3.1',
  '@deno/linux-x64-glibc': '2.9.6',
  '@oven/bun-linux-x64': '1.4.5',
  '@trufflesuite/uws-js-unofficial': '20.30.0-unofficial.0',
  'socket.io': '4.8.4',
  ws: '8.23.0',
}

/** Fetches the peers into build/bench/peers, without running any of their install scripts. */
export function fetchPeers() {
  const manifest = `${JSON.stringify({ private: true, dependencies: PEER_PACKAGES }, null, 2)}\n`
  const path = `${PEERS}/package.json`
  if (existsSync(`${PEERS}/node_modules`) && readOrNull(path) === manifest) return
  mkdirSync(PEERS, { recursive: true })
  writeFileSync(path, manifest)
  process.stderr.write('bench: fetching the peers\n')
  execFileSync('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: PEERS,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
}

/**
 * Compiles the load generator and the C server when their sources are newer.
 *
 * @returns {{ deflate: boolean, tls: boolean }} what the load generator can do here: it needs the
 *   headers of zlib and of OpenSSL for it.
 */
export function compileLoad() {
  const deflate = hasHeader('zlib.h', '-lz')
  const tls = hasHeader('openssl/ssl.h', '-lssl')
  const extra = [
    ...(deflate ? ['-DHAVE_ZLIB', '-lz'] : []),
    ...(tls ? ['-DHAVE_OPENSSL', '-lssl', '-lcrypto'] : []),
  ]
  const sources = filesIn(`${ROOT}/bench/load`)
  const load = sources.filter((path) => path.endsWith('.c'))
  compile(`${BUILD}/load`, sources, [...load, ...extra])
  const server = `${ROOT}/bench/servers/epoll.c`
  compile(`${BUILD}/epoll`, [server, `${ROOT}/bench/load/accept.h`], [server])
  return { deflate, tls }
}

/** How the peers in other languages are built, each from `bench/servers/<folder>`. */
const TOOLCHAINS = {
  go: { folder: 'go', output: `${BUILD}/go`, command: ['go', 'build', '-o', `${BUILD}/go`, '.'] },
  rust: {
    folder: 'rust',
    output: `${BUILD}/rust/release/towpath-bench`,
    command: ['cargo', 'build', '--release', '--quiet', '--target-dir', `${BUILD}/rust`],
  },
  centrifugo: {
    folder: 'centrifugo',
    output: `${BUILD}/centrifugo/centrifugo`,
    // The newest version that the module proxy has for this module.
    command: ['go', 'install', '-trimpath', 'github.com/centrifugal/centrifugo/v6@v6.9.1'],
    environment: { GOBIN: `${BUILD}/centrifugo` },
  },
  ktor: {
    folder: 'ktor',
    output: `${BUILD}/ktor/bench-ktor-0.jar`,
    command: ['mvn', '-q', '-B', `-Dbench.build=${BUILD}/ktor`, 'package'],
  },
}

/**
 * Builds the peers that a toolchain makes, when their sources are newer.
 *
 * @param {Iterable<string>} names of `TOOLCHAINS`
 * @returns {Map<string, string>} those that cannot be built here, and why.
 */
export function buildPeers(names) {
  const missing = new Map()
  for (const name of new Set(names)) {
    const { folder, output, command, environment } = TOOLCHAINS[name]
    const sources = filesIn(`${ROOT}/bench/servers/${folder}`)
    if (isFresh(output, sources)) continue
    process.stderr.write(`bench: building the ${name} peers\n`)
    const [program, ...options] = command
    const { status, error } = spawnSync(program, options, {
      cwd: `${ROOT}/bench/servers/${folder}`,
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    if (status !== 0) missing.set(name, error ? `${program} is not installed` : 'it does not build')
  }
  return missing
}

/** Makes a self-signed certificate for localhost, once. False when there is no openssl command. */
export function makeCertificate() {
  if (existsSync(`${TLS}/keys.p12`)) return true
  mkdirSync(TLS, { recursive: true })
  const request = 'req -x509 -newkey rsa:2048 -nodes -days 365 -subj /CN=localhost'.split(' ')
  const output = ['-keyout', `${TLS}/key.pem`, '-out', `${TLS}/cert.pem`]
  const made = spawnSync('openssl', [...request, ...output])
  if (made.status !== 0) return false
  // The same for servers in Java, which read a key store.
  const keys = ['-inkey', `${TLS}/key.pem`, '-in', `${TLS}/cert.pem`, '-out', `${TLS}/keys.p12`]
  const store = 'pkcs12 -export -name towpath -passout pass:towpath'.split(' ')
  return spawnSync('openssl', [...store, ...keys]).status === 0
}

/** Compiles the package into dist/ when a source is newer. False when that fails. */
export function buildPackage() {
  const sources = filesIn(`${ROOT}/src`)
  const output = `${ROOT}/dist/index.js`
  if (!sources.some((path) => path === `${ROOT}/src/index.ts`)) return false
  if (isFresh(output, sources)) return true
  process.stderr.write('bench: building the package\n')
  return (
    spawnSync('npm', ['run', '--silent', 'build'], { cwd: ROOT, stdio: 'inherit' }).status === 0
  )
}

function compile(output, sources, options) {
  if (isFresh(output, sources)) return
  execFileSync('cc', ['-O2', '-std=gnu11', '-Wall', '-Wextra', '-o', output, ...options], {
    stdio: 'inherit',
  })
}

function hasHeader(header, library) {
  const program = `#include <${header}>\nint main(void) { return 0; }\n`
  const output = `${BUILD}/header-check`
  const options = ['-x', 'c', '-', '-o', output, library]
  return (
    spawnSync('cc', options, { input: program, stdio: ['pipe', 'ignore', 'ignore'] }).status === 0
  )
}

function isFresh(output, sources) {
  if (!existsSync(output)) return false
  const made = statSync(output).mtimeMs
  return sources.every((path) => statSync(path).mtimeMs <= made)
}

function filesIn(folder) {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => `${entry.parentPath}/${entry.name}`)
}

function readOrNull(path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : null
}
