/**
 * Setup of `npm test`: properties that do not say how many inputs they want are tried with 25
 * instead of 100. Files share their modules there, so each begins without the free memory that
 * another left, which budgets count.
 */

import fc from 'fast-check'

import { emptyPool } from '../../src/protocol/block-pool.ts'

emptyPool()

fc.configureGlobal({ ...fc.readConfigureGlobal(), numRuns: 25 })

// The model of topics tries 1000 schedules otherwise.
process.env['TOWPATH_MODEL_SEEDS'] ??= '60'
