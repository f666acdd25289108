/** How the search of the site ranks its hits. */

/**
 * Prefers pages that explain, and in a page its beginning. VitePress puts the text of this function
 * into the page, so it uses nothing outside of itself.
 *
 * @param {string} path of the section, with its anchor.
 * @param {string} _term
 * @param {{ titles?: readonly string[] }} stored the titles above the section.
 */
function boostDocument(path, _term, { titles = [] } = {}) {
  // Pages that mention everything and explain nothing: the reference lists each name many times.
  const lists =
    /^\/(reference\/|project\/|benchmarks|rfc-map|contract|mutation-testing|topics-checks|overview|#)/
  // Examples, and pages for code of other libraries: the guide explains the same things.
  const others = /^\/(coming-from-|examples\/|recipes\/#)/
  const page = lists.test(path) ? 0.1 : others.test(path) ? 0.4 : 1
  return titles.length === 0 ? page * 1.8 : page
}

/**
 * Allows for a typing error in a long word. A short word with another letter is another word: "size"
 * and "site".
 *
 * @param {string} term
 */
function fuzzy(term) {
  return term.length > 4 ? 0.2 : false
}

export const SEARCH_OPTIONS = { boostDocument, fuzzy }
