/**
 * Makes a module of an excerpt: the names that it uses are imported, from the entry points of the
 * package and from a cast of well-known variables, and it becomes the body of a function.
 */

import { readFileSync } from 'node:fs'
import ts from 'typescript'

/** What a module may import: name and where it comes from. */
export interface ImportableName {
  readonly name: string
  readonly specifier: string
  readonly isType: boolean
}

/** Reads the names that a door re-exports: `export { a } from './a.ts'`, and its type form. */
export function namesOfDoor(path: string, specifier: string): ImportableName[] {
  const source = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.ES2022)
  return source.statements.flatMap((statement) => {
    if (!ts.isExportDeclaration(statement)) return []
    if (statement.exportClause === undefined || !ts.isNamedExports(statement.exportClause))
      return []
    return statement.exportClause.elements.map((element) => ({
      name: element.name.text,
      specifier,
      isType: statement.isTypeOnly || element.isTypeOnly,
    }))
  })
}

/** Reads the names that a module declares: `export declare const a: A`. */
export function namesOfCast(path: string, specifier: string): ImportableName[] {
  const declarations = readFileSync(path, 'utf8').matchAll(/^export declare \w+ (\w+)/gm)
  return [...declarations].map(([, name = '']) => ({ name, specifier, isType: false }))
}

/**
 * Makes the module.
 *
 * @param names where two have one name, the first is taken.
 * @returns the text, and how many lines of it stand before the excerpt.
 */
export function moduleOfExcerpt(
  excerpt: string,
  names: readonly ImportableName[],
): { readonly text: string; readonly preludeLines: number } {
  const used = new Set(excerpt.match(/[A-Za-z_$][\w$]*/g))
  const taken = new Map<string, ImportableName>()
  for (const each of names)
    if (used.has(each.name) && !taken.has(each.name)) taken.set(each.name, each)

  const imports = [...taken.values()].map(
    ({ name, specifier, isType }) =>
      `import ${isType ? 'type ' : ''}{ ${name} } from '${specifier}'\n`,
  )
  // In a function a name of the excerpt may be one of the cast too, and `return` is allowed.
  const body = excerpt.replaceAll(/^export /gm, '')
  return {
    text: `${imports.join('')}export async function example() {\n${body}}\n`,
    preludeLines: imports.length + 1,
  }
}
