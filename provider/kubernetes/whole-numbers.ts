/**
 * JSON whose numbers become their own text: JavaScript's would lose digits from 2^53 on, and etcd's ids have 64 bits. (A reviver
 * that sees the source text is there from Node 21 on only.)
 * @example parseKeepingDigits('{"ID":10276657743932975437}') // { ID: "10276657743932975437" }
 */
export function parseKeepingDigits(text: string): unknown {
  // Strings are matched first, so that digits inside them stay what they are.
  return JSON.parse(text.replace(/"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g, (token) => (token.startsWith('"') ? token : `"${token}"`)));
}
