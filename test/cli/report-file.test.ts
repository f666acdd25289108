import { existsSync, mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { UsageError } from '../../src/cli/exit-code.ts'
import { ReportFile } from '../../src/cli/report-file.ts'

describe('ReportFile', () => {
  const folder = mkdtempSync(join(tmpdir(), 'towpath-report-'))

  it('new ReportFile() throws if the folder is not there, and escapes the name', () => {
    const path = join(folder, 'none\u001b', 'report.html')

    expect(() => new ReportFile(path)).toThrow(UsageError)
    expect(() => new ReportFile(path)).toThrow(/^Cannot write the file ".*none\\x1b.*": ENOENT/)
  })

  it('new ReportFile() keeps the report that is there until there is a new one', () => {
    const path = join(folder, 'report.html')
    new ReportFile(path).write('a long old report')
    const report = new ReportFile(path)
    const before = readFileSync(path, 'utf8')
    report.write('new')

    expect(before).toBe('a long old report')
    expect(readFileSync(path, 'utf8')).toBe('new')
  })

  it.runIf(existsSync('/dev/full'))('write() throws if the disk is full', () => {
    const report = new ReportFile('/dev/full')

    expect(() => report.write('text')).toThrow(/^Cannot write the file "\/dev\/full": ENOSPC/)
  })
})
