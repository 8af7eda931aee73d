// Numbers and names for people, and how typed text is looked for in names.

const LONGEST_PATTERN = 31;
// Control characters and the marks that turn the direction of the text after them.
const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

export function written(value) {
  if (Number.isInteger(value)) return value.toLocaleString("en");
  return value.toFixed(2).replace("-", "\u2212");
}

export const readable = (text) => text.replace(UNSEEN, "\ufffd");
export const clipped = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}\u2026` : text);

// How texts are compared: without capitals and accents.
export const folded = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

// Takes a third of a second for half a million: done once, when a search is about to begin.
export const foldedTags = (points) => (points.folded ??= Array.from({ length: points.n }, (_, row) => folded(points.tag(row))));

// The rows whose tags are what is wanted, begin with it, have a word that does, or hold it, in this order and
// within it the most used first; where there is none, those that hold it but for a letter or two.
export function hitsOf(points, wanted, live) {
  const tags = foldedTags(points);
  const ranked = [[], [], [], []];
  tags.forEach((tag, row) => {
    const at = live[row] ? tag.indexOf(wanted) : -1;
    if (at < 0) return;
    const rank = at ? (/[\p{L}\p{N}]/u.test(tag[at - 1]) ? 3 : 2) : Number(tag.length > wanted.length);
    ranked[rank].push(row);
  });
  const hits = ranked.flat();
  if (hits.length || wanted.length < 4) return hits;
  const near = nearly(wanted.slice(0, LONGEST_PATTERN), wanted.length >= 8);
  tags.forEach((tag, row) => live[row] && near(tag) && hits.push(row));
  return hits;
}

// Whether a text holds a pattern with one letter or two wrong, missing or too many: a bit for each letter of the
// pattern, as Wu and Manber have it, in one number for each count of errors.
function nearly(pattern, two) {
  const places = new Int32Array(65536);
  for (let i = 0; i < pattern.length; i++) places[pattern.charCodeAt(i)] |= 1 << i;
  const whole = 1 << (pattern.length - 1);
  return (text) => {
    let [none, one, both] = [0, 1, 3];
    for (let i = 0; i < text.length; i++) {
      const here = places[text.charCodeAt(i)];
      const [noneBefore, oneBefore] = [none, one];
      none = ((none << 1) | 1) & here;
      one = (((one << 1) | 1) & here) | noneBefore | ((noneBefore | none) << 1) | 1;
      both = (((both << 1) | 1) & here) | oneBefore | ((oneBefore | one) << 1) | 1;
      if ((two ? both : one) & whole) return true;
    }
    return false;
  };
}
