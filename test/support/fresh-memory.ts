/**
 * Setup of files that share their modules: each begins without the free memory that another left,
 * which budgets count.
 */

import { emptyPool } from '../../src/protocol/block-pool.ts'

emptyPool()
