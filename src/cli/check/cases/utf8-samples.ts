/**
 * Bytes that are UTF-8, and bytes that are not (RFC 3629).
 */

/**
 * Valid text, in hex: the first and last code points of every row of RFC 3629 §4, and neighbours.
 */
export const VALID: readonly string[] = [
  '00',
  '7f',
  'c2 80',
  'df bf',
  'e0 a0 80',
  'e0 bf bf',
  'e1 80 80',
  'ec bf bf',
  'ed 80 80',
  'ed 9f bf', // U+D7FF, the last before the surrogates
  'ee 80 80', // U+E000, the first after them
  'ef bf bd',
  'ef bb bf', // U+FEFF at the beginning is text, not a mark
  'ef bf be', // non-characters are characters: U+FFFE, U+FFFF, U+1FFFE …
  'ef bf bf',
  'f0 90 80 80',
  'f0 9f bf be',
  'f0 bf bf bf',
  'f1 80 80 80',
  'f1 af bf bf',
  'f3 bf bf bf',
  'f4 80 80 80',
  'f4 8f bf bf', // U+10FFFF, the last of all
  'ce ba e1 bd b9 cf 83 ce bc ce b5', // κόσμε
  '48 65 6c 6c 6f 2d c2 b5 40 c3 9f c3 b6 c3 a4 c3 bc c3 a0 c3 a1 2d 55 54 46 2d 38 21 21', // Hello-µ@ßöäüàá-UTF-8!!
  'f0 9f 98 80 f0 9f 91 a9 e2 80 8d f0 9f 9a 80', // emoji with a joiner
]

/** What is not UTF-8, and how many of its bytes are needed to be sure. */
export const INVALID: readonly (readonly [bytes: string, bad: number, why: string])[] = [
  ['80', 1, 'a continuation by itself'],
  ['bf', 1, 'the last continuation by itself'],
  ['80 bf 80 bf 80 bf', 1, 'continuations'],
  ['c0 80', 1, 'U+0000, overlong in 2'],
  ['c1 bf', 1, 'U+007F, overlong in 2'],
  ['c0 af', 1, 'a slash, overlong in 2'],
  ['e0 80 80', 2, 'U+0000, overlong in 3'],
  ['e0 80 af', 2, 'a slash, overlong in 3'],
  ['e0 9f bf', 2, 'U+07FF, overlong in 3'],
  ['f0 80 80 80', 2, 'U+0000, overlong in 4'],
  ['f0 80 80 af', 2, 'a slash, overlong in 4'],
  ['f0 8f bf bf', 2, 'U+FFFF, overlong in 4'],
  ['f8 80 80 80 80', 1, 'overlong in 5'],
  ['f8 88 80 80 80', 1, 'a form of 5'],
  ['fb bf bf bf bf', 1, 'the last form of 5'],
  ['fc 80 80 80 80 80', 1, 'overlong in 6'],
  ['fc 84 80 80 80 80', 1, 'a form of 6'],
  ['fd bf bf bf bf bf', 1, 'the last form of 6'],
  ['fe', 1, 'a byte that never occurs'],
  ['ff', 1, 'the other byte that never occurs'],
  ['fe fe ff ff', 1, 'bytes that never occur'],
  ['ed a0 80', 2, 'U+D800, the first surrogate'],
  ['ed ad bf', 2, 'U+DB7F'],
  ['ed ae 80', 2, 'U+DB80'],
  ['ed af bf', 2, 'U+DBFF'],
  ['ed b0 80', 2, 'U+DC00'],
  ['ed be 80', 2, 'U+DF80'],
  ['ed bf bf', 2, 'U+DFFF, the last surrogate'],
  ['ed a0 80 ed b0 80', 2, 'a pair of surrogates'],
  ['ed af bf ed bf bf', 2, 'the last pair of surrogates'],
  ['f4 90 80 80', 2, 'U+110000, the first above'],
  ['f4 bf bf bf', 2, 'U+13FFFF'],
  ['f5 80 80 80', 1, 'U+140000'],
  ['f7 bf bf bf', 1, 'U+1FFFFF'],
  ['c2 41', 2, 'an ASCII byte inside a character of 2'],
  ['c2 c2', 2, 'a first byte inside a character of 2'],
  ['e2 82 41', 3, 'an ASCII byte inside a character of 3'],
  ['e2 82 e2 82 ac', 3, 'a first byte inside a character of 3'],
  ['f0 9f 98 41', 4, 'an ASCII byte inside a character of 4'],
  ['f0 9f 41', 3, 'an ASCII byte early inside a character of 4'],
  ['f0 9f 98 80 80', 5, 'one continuation too many'],
]

/** Characters that are not finished: fine so far, and wrong at the end of the message. */
export const TRUNCATED: readonly string[] = [
  'c2',
  'df',
  'e0',
  'e0 a0',
  'e1',
  'e1 80',
  'ed 9f',
  'ef bf',
  'f0',
  'f0 90',
  'f0 90 80',
  'f4',
  'f4 8f',
  'f4 8f bf',
]

/** Before the bytes in question: nothing, a character, and more than the fast path needs. */
export const PREFIXES: readonly string[] = ['', 'ce ba', '61 '.repeat(40) + 'e2 82 ac']
