/**
 * Checks that `test/` mirrors `src/`: every source file has its test file at the same path, and a
 * test file in a folder that `src/` has too has its source file. Doors and files of types alone
 * have nothing to test; other exceptions are listed here, with the reason.
 */

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { listFiles } from './list-files.ts'

/** Source files without a test file of their own (paths below `src/`) and why. */
const UNTESTED: Readonly<Record<string, string>> = {
  'messages/calls.ts': 'is what typed() calls: test/messages/typed.test.ts runs it',
  'messages/connection/connection-messages.ts':
    'is what typedConnection() returns: test/messages/connection/typed-connection.test.ts runs it',
  'messages/connection/keep.ts':
    'is keep(): test/messages/connection/typed-connection.test.ts runs it',
  'messages/link/full-link.ts': 'is a link: test/messages/link/link.test.ts runs it',
  'messages/link/read-session.ts': 'feeds a link: test/messages/typed.test.ts runs it',
  'messages/link/upload.ts': 'is a part of a request: test/messages/link/ask.test.ts runs it',
  'messages/streams.ts': 'is stream(): test/messages/typed.test.ts runs it',
  'cli/command-limits.ts': 'is a part of each command: test/cli/connect runs it',
  'cli/outlet.ts': 'is a part of each command: test/cli/towpath.test.ts runs it in a process',
  'cli/process-world.ts': 'is the world of a process: test/cli/towpath.test.ts runs it',
  'cli/connect/connect-options.ts': 'is a part of connect: connect-command.test.ts runs it',
  'cli/bench/bench-client.ts': 'is a part of bench: bench-command.test.ts runs it',
  'cli/bench/bench-load.ts': 'is a part of bench: bench-command.test.ts runs it',
  'cli/bench/bench-options.ts': 'is a part of bench: bench-command.test.ts runs it',
  'cli/bench/bench-report.ts': 'is a part of bench: bench-command.test.ts runs it',
  'cli/bench/bench-result.ts': 'is a part of bench: bench-command.test.ts runs it',
  'cli/bench/fleet.ts': 'is a part of bench: bench-command.test.ts runs it',
  'cli/bench/html-report.ts': 'is a part of bench: bench-command.test.ts runs it',
  'cli/bench/runs/load-run.ts': 'is a part of bench: bench-command.test.ts runs it',
  'cli/bench/typed/typed-options.ts': 'is a part of bench --typed: request-run.test.ts runs it',
  'cli/bench/runs/message-run.ts': 'is a part of bench: bench-command.test.ts runs it',
  'cli/bench/run-load.ts': 'is a part of bench: bench-command.test.ts runs it',
  'cli/bench/runs/storm-run.ts': 'is a part of bench: bench-command.test.ts runs it',
  'cli/bench/runs/tally.ts': 'is a part of bench: bench-command.test.ts runs it',
  'cli/bench/thresholds.ts': 'is a part of bench: bench-command.test.ts runs it',
  'cli/bench/timeline.ts': 'is a part of bench: bench-command.test.ts runs it',
  'cli/bench/bench-worker.ts': 'is a thread of bench: run-workers.test.ts runs it',
  'cli/bench/load-meter.ts': 'measures the process: run-workers.test.ts runs it',
  'cli/check/check-case.ts': 'is a part of check: check-command.test.ts runs it',
  'cli/check/check-options.ts': 'is a part of check: check-command.test.ts runs it',
  'cli/check/check-result.ts': 'is a part of check: check-command.test.ts runs it',
  'cli/check/check-run.ts': 'is a part of check: check-command.test.ts runs it',
  'cli/check/run-case.ts': 'is a part of check: check-command.test.ts runs it',
  'cli/check/conduct.ts': 'is a part of check: check-command.test.ts runs it',
  'cli/check/cases/all-cases.ts':
    'has data: check-command.test.ts and the conformance suite run it',
  'cli/check/cases/client-handshake.ts': 'has data: serve.test.ts runs it',
  'cli/check/server/check-server.ts': 'is a part of check --serve: serve.test.ts runs it',
  'cli/check/server/client-case-runner.ts': 'is a part of check --serve: serve.test.ts runs it',
  'cli/check/server/client-request.ts': 'is a part of check --serve: serve.test.ts runs it',
  'cli/check/cases/closing.ts': 'has data: check-command.test.ts and the conformance suite run it',
  'cli/check/cases/compression.ts':
    'has data: check-command.test.ts and the conformance suite run it',
  'cli/check/cases/deflate-offers.ts':
    'has data: check-command.test.ts and the conformance suite run it',
  'cli/check/cases/fragmentation.ts':
    'has data: check-command.test.ts and the conformance suite run it',
  'cli/check/cases/framing.ts': 'has data: check-command.test.ts and the conformance suite run it',
  'cli/check/cases/handshake.ts':
    'has data: check-command.test.ts and the conformance suite run it',
  'cli/check/cases/http2.ts': 'has data: run-http2-case.test.ts runs it',
  'cli/check/http2/http2-case.ts': 'is a part of check: run-http2-case.test.ts runs it',
  'cli/check/http2/http2-connection.ts': 'is a part of check: run-http2-case.test.ts runs it',
  'cli/check/cases/limits.ts': 'has data: check-command.test.ts and the conformance suite run it',
  'cli/check/cases/pings.ts': 'has data: check-command.test.ts and the conformance suite run it',
  'cli/check/cases/slow-bytes.ts':
    'has data: check-command.test.ts and the conformance suite run it',
  'cli/check/cases/smuggling.ts':
    'has data: check-command.test.ts and the conformance suite run it',
  'cli/check/cases/utf8.ts': 'has data: check-command.test.ts and the conformance suite run it',
  'cli/check/cases/utf8-samples.ts':
    'has data: check-command.test.ts and the conformance suite run it',
  'cli/check/report/check-html.ts': 'is a part of check: check-command.test.ts runs it',
  'cli/check/report/check-report.ts': 'is a part of check: check-command.test.ts runs it',
  'cli/check/report/escape-markup.ts': 'is a part of check: check-command.test.ts runs it',
  'cli/check/report/junit.ts': 'is a part of check: check-command.test.ts runs it',
  'cli/check/wire/answer-messages.ts': 'is a part of check: check-command.test.ts runs it',
  'cli/check/wire/frame-bytes.ts': 'is a part of check: check-command.test.ts runs it',
  'cli/check/wire/open-connection.ts': 'is a part of check: check-command.test.ts runs it',
  'cli/check/wire/raw-connection.ts': 'is a part of check: check-command.test.ts runs it',
  'cli/check/wire/wire-frame.ts': 'is a part of check: check-command.test.ts runs it',
  'cli/listen/listen-options.ts': 'is a part of listen: listen-command.test.ts runs it',
  'cli/listen/recorder.ts': 'is a part of listen: listen-command.test.ts runs it',
  'cli/probe/ping-times.ts': 'is a part of probe: probe-command.test.ts runs it',
  'cli/probe/probe-options.ts': 'is a part of probe: probe-command.test.ts runs it',
  'cli/probe/probe-report.ts': 'is a part of probe: probe-command.test.ts runs it',
  'cli/connect/conversation.ts': 'is a part of connect: connect-command.test.ts runs it',
  'cli/connect/dialogue.ts': 'is a part of connect: connect-command.test.ts runs it',
  'cli/connect/message-format.ts': 'is a part of connect: connect-command.test.ts runs it',
  'cli/connect/piped-input.ts': 'is a part of connect: connect-command.test.ts runs it',
  'cli/connect/screen.ts': 'is a part of connect: connect-command.test.ts runs it',
  'cli/connect/wire-log.ts': 'is a part of connect: connect-command.test.ts runs it',
  'cli/wire/tapped-platform.ts': 'passes everything on: connect-command.test.ts runs it',
  'inspector/authorization.ts': 'is a part of the plugin: test/inspector/inspector.test.ts runs it',
  'inspector/endings.ts': 'is a part of the plugin: test/inspector/inspector.test.ts runs it',
  'inspector/page-source.ts': 'is generated: test/tools/inspector-page.test.ts compares it',
  'inspector/process-meter.ts': 'measures the process: test/inspector/inspector.test.ts runs it',
  'inspector/session-view.ts': 'is a part of a pass: test/inspector/pass.test.ts runs it',
  'inspector/topics-facts.ts': 'is a part of the plugin: test/inspector/inspector.test.ts runs it',
  'inspector/viewer.ts': 'is a page that is open: test/inspector/inspector.test.ts runs it',
  'inspector/watch.ts': 'is a part of the plugin: test/inspector/inspector.test.ts runs it',
  'topics/node/prepared.ts': 'is a part of a node: test/topics/topics.test.ts runs nodes',
  'topics/node/taking.ts': 'is a part of a node: test/topics/topics.test.ts runs nodes',
  'topics/wire/messages.ts':
    'is a part of the protocol: test/topics/wire/wire-session.test.ts runs it',
}

/** Test files without a source file (paths below `test/`) and why. */
const EXTRA: Readonly<Record<string, string>> = {
  'brokers/missing-packages.test.ts': 'hides the packages of both brokers',
  'brokers/nats/nats-cluster.test.ts': 'runs the suite of brokers on three servers of NATS',
  'topics/hostile.test.ts': 'floods whole nodes',
  'topics/lies.test.ts': 'runs nodes over an engine that lies',
  'topics/sparse-offsets.test.ts': 'runs nodes over a broker whose offsets have holes',
  'topics/promises.test.ts': 'runs whole nodes and clients, one promise each',
  'topics/model.test.ts': 'runs random schedules over whole nodes',
  'cli/bench/faults.test.ts': 'runs bench over TCP, with faults',
  'cli/check/own-server.test.ts': 'checks a whole server',
  'cli/check/serve.test.ts': 'checks whole clients',
  'engines/faults.test.ts': 'runs the matrix of faults in memory',
  'engines/leaks.test.ts': 'counts what many connections leave behind, on every engine',
  'adapters/types.test.ts': 'compiles a program against the types of the frameworks',
  'engines/memory.test.ts': 'runs the suites in memory',
  'engines/node/reset-matrix.test.ts': 'runs a sample of the matrix of faults over TCP',
  'engines/node/tls.test.ts': 'runs the suites over TLS, and what TLS can do to a session',
  'engines/node/http2.test.ts': 'runs the suites over HTTP/2',
  'engines/node/http2-bridge.test.ts':
    'runs the cases of check over HTTP/2, in both roles, through a bridge',
  'engines/node/http2-dialing.test.ts': 'runs the suites of clients, over HTTP/2 and HTTP/1.1',
  'engines/node/http2-floods.test.ts': 'attacks a process over HTTP/2, in both roles',
  'engines/node/tls-faults.test.ts': 'breaks what is below a session over TLS',
  'engines/node/storm.test.ts': 'lets many clients come back at once, on every door',
  'engines/node/shutdown.test.ts': 'stops servers whose sessions are in every state',
  'engines/node/node.test.ts': 'runs the suites over loopback',
}

/**
 * Compares the two trees.
 *
 * @param exceptions what is listed above; a listed file that needs no exception is a problem too.
 * @returns one sentence for each problem; empty if there is none.
 */
export function checkMirror(
  sourceRoot: string,
  testRoot: string,
  exceptions: { readonly untested: readonly string[]; readonly extra: readonly string[] },
): string[] {
  const sources = listFiles(sourceRoot, '.ts')
  const tests = new Set(listFiles(testRoot, '.test.ts'))
  const folders = new Set(sources.map(folderOf))

  const untested = sources.filter(
    (file) => !tests.has(testOf(file)) && hasCode(readFileSync(join(sourceRoot, file), 'utf8')),
  )
  const extra = [...tests].filter(
    (test) => folders.has(folderOf(test)) && folderOf(test) !== '' && !hasSource(sourceRoot, test),
  )

  return [
    ...without(untested, exceptions.untested).map(
      (file) => `Cannot find the test of src/${file}, expected test/${testOf(file)}`,
    ),
    ...without(extra, exceptions.extra).map(
      (test) => `Cannot find the source of test/${test}, expected src/${sourceOf(test)}`,
    ),
    ...without(exceptions.untested, untested).map(
      (file) => `Cannot need the exception for src/${file}: it has a test, or is gone`,
    ),
    ...without(exceptions.extra, extra).map(
      (test) => `Cannot need the exception for test/${test}: it has a source, or is gone`,
    ),
  ]
}

/**
 * Whether anything of a file is left at run time; re-exports, which doors consist of, do not count.
 */
function hasCode(text: string): boolean {
  const source = ts.createSourceFile('a.ts', text, ts.ScriptTarget.ES2022)
  return !source.statements.every(
    (statement) =>
      ts.isInterfaceDeclaration(statement) ||
      ts.isTypeAliasDeclaration(statement) ||
      ts.isImportDeclaration(statement) ||
      ts.isExportDeclaration(statement),
  )
}

function hasSource(sourceRoot: string, test: string): boolean {
  return existsSync(join(sourceRoot, sourceOf(test)))
}

function testOf(source: string): string {
  return source.replace(/\.ts$/, '.test.ts')
}

function sourceOf(test: string): string {
  return test.replace(/\.test\.ts$/, '.ts')
}

/** The first folder of a path; `''` for a file in the root. */
function folderOf(path: string): string {
  return path.includes('/') ? path.slice(0, path.indexOf('/')) : ''
}

function without(files: readonly string[], excepted: readonly string[]): string[] {
  return files.filter((file) => !excepted.includes(file))
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = fileURLToPath(new URL('..', import.meta.url))
  const problems = checkMirror(join(root, 'src'), join(root, 'test'), {
    untested: Object.keys(UNTESTED),
    extra: Object.keys(EXTRA),
  })
  for (const problem of problems) console.error(problem)
  if (problems.length > 0) process.exitCode = 1
}
