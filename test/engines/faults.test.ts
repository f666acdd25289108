import { describe } from 'vitest'
import { faults } from '../suites/faults.ts'

describe('a session in memory', () => {
  faults()
})
