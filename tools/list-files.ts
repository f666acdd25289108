/**
 * Lists the files below a folder, in one order on every machine.
 */

import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Lists the files below `root` whose names end in `extension`, whatever the depth. Folders named
 * `node_modules` are left out.
 *
 * @returns paths relative to `root`, with forward slashes, sorted; empty if there is no such
 *   folder.
 */
export function listFiles(root: string, extension: string): string[] {
  if (!existsSync(root)) return []
  const files: string[] = []
  const visit = (folder: string): void => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`
      if (entry.name === 'node_modules') continue
      if (entry.isDirectory()) visit(path)
      else if (entry.name.endsWith(extension)) files.push(path)
    }
  }
  visit('')
  return files.sort()
}
