import assert from "node:assert/strict";
import { test } from "node:test";
import { words as german } from "../../../static/js/lib/words/de.js";
import { words as english } from "../../../static/js/lib/words/en.js";

// The same in both: names, signs, and what Germans say as well.
const SAME = new Set(["Offline", "Chat", "Tab", "auto", "tokens", "version", "unknown", "decimal"]);

/** Every text, by its way. @returns {Generator<[string, any]>} */
function* texts(words, way = "") {
  for (const [name, value] of Object.entries(words)) {
    const here = way ? `${way}.${name}` : name;
    if (typeof value === "object") yield* texts(value, here);
    else yield [here, value];
  }
}

const said = (value) => (typeof value === "function" ? value("1", "2", "3") : value);

test("German says what English says, no more and no less", () => {
  assert.deepEqual([...texts(german)].map(([way]) => way), [...texts(english)].map(([way]) => way));
});

test("nothing in German is English still", () => {
  const before = new Map(texts(english));
  const same = [...texts(german)].filter(([way, value]) => said(value) === said(before.get(way)) && /\p{L}{2}/u.test(said(value)));
  assert.deepEqual(same.filter(([way, value]) => !SAME.has(said(value)) && !SAME.has(way.split(".").at(-1))), []);
});

test("a text that is given something says it", () => {
  for (const [way, value] of texts(german)) {
    if (typeof value !== "function") continue;
    const given = Array.from({ length: value.length }, (_, index) => `${7 + index}`);
    for (const one of given) assert.ok(value(...given).includes(one), way);
  }
});
