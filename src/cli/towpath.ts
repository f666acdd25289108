#!/usr/bin/env node
/**
 * The program `towpath`: runs the command that its arguments name.
 */

import { processWorld } from './process-world.ts'
import { run } from './run.ts'

const code = await run(process.argv.slice(2), processWorld())

// Standard input may be open for ever. What was written is flushed first.
process.stdout.write('', () => process.exit(code))
