#!/usr/bin/env node
/**
 * `npm create towpath@latest NAME -- --template minimal|chat|typed|fastify [--yes]`.
 */

import process from 'node:process'
import { createProject, nextSteps } from './create.mjs'
import { CreateError, HELP, readOptions } from './options.mjs'
import { complete } from './questions.mjs'

try {
  const given = readOptions(process.argv.slice(2))
  if (given.help) process.stdout.write(HELP)
  else await create(given)
} catch (error) {
  if (!(error instanceof CreateError)) throw error
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 1
}

async function create(given) {
  const options = await complete(given, { input: process.stdin, output: process.stdout })
  await createProject(options)
  process.stdout.write(nextSteps(options))
}
