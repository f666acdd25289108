import { defineConfig } from 'vitest/config'
import { sharing } from './vitest.projects.ts'

/** `npm test`: all tests but the long ones, in under three minutes of CPU. */
export default defineConfig(sharing(['test/support/quick.ts']))
