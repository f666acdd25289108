/**
 * Text in HTML and XML.
 */

/** Escapes text for content and attributes. Control characters are escaped before. */
export function escapeMarkup(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
