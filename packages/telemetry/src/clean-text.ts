/* Takes credentials out of text that somebody else wrote: error messages, URLs, headers quoted in either. */

const TEXT_MAX = 2000;

const RULES: readonly (readonly [RegExp, string])[] = [
  // user:password@ of any URL; Redis clients put the URL into their messages.
  [/([a-z][a-z0-9+.-]*:\/\/)[^\s/@?#]*:[^\s@/]*@/gi, '$1[redacted]@'],
  // Authorization header values.
  [/\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{6,}/gi, '$1 [redacted]'],
  // A JSON Web Token wherever it stands.
  [/\beyJ[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]*)?/g, '[redacted]'],
  // name=value and "name":"value" of forms, queries and JSON.
  [
    /((?:client_?secret|client_?assertion|password|passwd|access_?token|refresh_?token|api_?key|sig)["']?\s*[=:]\s*["']?)[^\s"'&,;}]+/gi,
    '$1[redacted]',
  ],
];
const MARKS = /:\/\/|earer|asic|eyJ|ecret|ssertion|asswo?r?d|oken|key|sig/i;

/** The text without credentials, cut after TEXT_MAX characters. */
export function cleanText(text: string): string {
  const cut = text.length > TEXT_MAX ? `${text.slice(0, TEXT_MAX)} [cut]` : text;
  if (!MARKS.test(cut)) return cut;
  return RULES.reduce((cleaned, [pattern, replacement]) => cleaned.replace(pattern, replacement), cut);
}
