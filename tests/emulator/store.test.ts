/** The one file: what was answered for is there again, whatever a kill tore. */
import fc from "fast-check";
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync, existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Store } from "../../provider/emulator/store";
import { Journal, type Change } from "../../provider/emulator/journal";

const folder = mkdtempSync(join(tmpdir(), "emulator-store-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
const fresh = (): string => join(folder, `${files++}`, "journal.jsonl");

/** A write of a value under a key, or its removal. */
type Step = { readonly key: string; readonly value: string | null };

const step = fc.record({ key: fc.constantFrom("a", "b", "c", "d"), value: fc.option(fc.string({ unit: "grapheme", maxLength: 20 }), { nil: null }) });
const transactions = fc.array(fc.array(step, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 12 });

function apply(store: Store, steps: readonly Step[]): void {
  store.transact(() => {
    const meta = store.table("meta");
    for (const { key, value } of steps) {
      if (value === null) meta.remove(key);
      else meta.put({ id: key, number: 0, value });
    }
  });
}

const content = (store: Store): Record<string, unknown> => Object.fromEntries(store.table("meta").all().map(({ id, value }): [string, unknown] => [id, value]).sort(([a], [b]) => (a < b ? -1 : 1)));

test("a file cut at any byte opens with all transactions before the cut, and with nothing of the torn one", () => {
  fc.assert(
    fc.property(transactions, fc.double({ min: 0, max: 1, noNaN: true }), (steps, where) => {
      const path = fresh();
      const store = new Store(path);
      const sizes = [readFileSync(path).length];
      const states = [content(store)];
      for (const each of steps) {
        apply(store, each);
        sizes.push(readFileSync(path).length);
        states.push(content(store));
      }
      store.close();
      const cut = sizes[0]! + Math.floor(where * (sizes.at(-1)! - sizes[0]!));
      truncateSync(path, cut);
      const whole = sizes.filter((size) => size <= cut).length - 1;

      const reopened = new Store(path);
      expect(content(reopened)).toEqual(states[whole]);
      expect(reopened.torn).toBe(cut - sizes[whole]!);
      // And it goes on from there.
      apply(reopened, [{ key: "after", value: "the tear" }]);
      reopened.close();
      const again = new Store(path);
      expect(content(again)).toEqual({ ...states[whole], after: "the tear" });
      again.close();
    }),
    { numRuns: 150 },
  );
});

test("a last line with its line feed but without its sense is torn too", () => {
  const path = fresh();
  const store = new Store(path);
  apply(store, [{ key: "a", value: "1" }]);
  store.close();
  writeFileSync(path, `${readFileSync(path, "utf8")}[["meta","b",{"id":\n`);
  const reopened = new Store(path);
  expect(content(reopened)).toEqual({ a: "1" });
  expect(reopened.torn).toBeGreaterThan(0);
  reopened.close();
});

test("damage in the middle is told, not guessed over", () => {
  const path = fresh();
  const store = new Store(path);
  apply(store, [{ key: "a", value: "1" }]);
  apply(store, [{ key: "b", value: "2" }]);
  store.close();
  const lines = readFileSync(path, "utf8").split("\n");
  lines[1] = lines[1]!.slice(3);
  writeFileSync(path, lines.join("\n"));
  expect(() => new Store(path)).toThrow(/damaged in line 2/);
});

test("another program's file is not taken over", () => {
  const path = fresh();
  Journal.open(path).journal.close();
  writeFileSync(path, '{"name":"package"}\n');
  expect(() => new Store(path)).toThrow(/no journal/);
});

test("compaction keeps every row, and a compaction that was killed halfway leaves the old file", () => {
  const path = fresh();
  const { journal } = Journal.open(path);
  const changes = Array.from({ length: 3000 }, (_, n): Change => ["meta", `key ${n % 10}`, { id: `key ${n % 10}`, number: 0, value: n }]);
  for (const change of changes) journal.append([change]);
  expect(journal.grown(10)).toBe(true);
  writeFileSync(`${path}.new`, '{"half');
  journal.compact(changes.slice(-10));
  expect(existsSync(`${path}.new`)).toBe(false);
  journal.append([["meta", "later", { id: "later", number: 0, value: "x" }]]);
  journal.close();
  const store = new Store(path);
  expect(content(store)).toEqual({ ...Object.fromEntries(changes.slice(-10).map(([, id, row]) => [id, (row as { value: number }).value])), later: "x" });
  store.close();
});

test("a long-lived store compacts itself and loses nothing", () => {
  const path = fresh();
  const store = new Store(path);
  for (let n = 0; n < 5000; n += 1) apply(store, [{ key: `k${n % 7}`, value: String(n) }]);
  const before = content(store);
  store.close();
  expect(readFileSync(path, "utf8").split("\n").length).toBeLessThan(3000);
  const reopened = new Store(path);
  expect(content(reopened)).toEqual(before);
  reopened.close();
});

test("a transaction that throws leaves no trace, in memory or in the file", () => {
  const path = fresh();
  const store = new Store(path);
  apply(store, [{ key: "a", value: "1" }, { key: "b", value: "2" }]);
  expect(() =>
    store.transact(() => {
      store.table("meta").put({ id: "a", number: 0, value: "other" });
      store.table("meta").remove("b");
      store.table("meta").put({ id: "c", number: 0, value: "new" });
      throw new Error("no");
    }),
  ).toThrow("no");
  expect(content(store)).toEqual({ a: "1", b: "2" });
  store.close();
  const reopened = new Store(path);
  expect(content(reopened)).toEqual({ a: "1", b: "2" });
  reopened.close();
});
