/**
 * Setup of `npm test`: properties that do not say how many inputs they want are tried with 25
 * instead of 100.
 */

import fc from 'fast-check'

fc.configureGlobal({ ...fc.readConfigureGlobal(), numRuns: 25 })

// The model of topics tries 1000 schedules otherwise.
process.env['TOWPATH_MODEL_SEEDS'] ??= '60'
