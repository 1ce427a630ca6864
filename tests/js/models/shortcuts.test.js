import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { legible, written } from "../../../static/js/models/combos.js";
import { Shortcuts } from "../../../static/js/models/shortcuts.js";

/** @param {string} key @param {object} [held] */
const press = (key, held = {}) => /** @type {any} */ ({ key, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...held });

const store = {
  /** @type {any} */
  kept: null,
  read() {
    return this.kept;
  },
  /** @param {string} _key @param {any} value */
  write(_key, value) {
    this.kept = value;
  },
};
const table = () => [
  { name: "palette", title: "Find", group: "page", keys: ["mod+k"], inFields: true, run: () => {} },
  { name: "write", title: "Write", group: "chat", keys: ["/"], run: () => {} },
  { name: "send", title: "Send", group: "chat", keys: ["enter"], fixed: true },
];
/** @type {Shortcuts} */
let shortcuts;

beforeEach(() => {
  store.kept = null;
  shortcuts = new Shortcuts(/** @type {any} */ (store), false, /** @type {any} */ (table()));
});

test("Ctrl here is Cmd on a Mac", () => {
  assert.equal(written(press("k", { ctrlKey: true }), false), "mod+k");
  assert.equal(written(press("k", { metaKey: true }), true), "mod+k");
  assert.equal(written(press("k", { ctrlKey: true }), true), null);
  assert.deepEqual(legible("mod+shift+o", true), ["⌘", "⇧", "O"]);
});

test("a letter of another alphabet is the key it stands on, and Shift says nothing about a sign", () => {
  assert.equal(written(press("л", { code: "KeyK", ctrlKey: true }), false), "mod+k");
  assert.equal(written(press("/", { shiftKey: true }), false), "/");
  assert.equal(written(press("Shift", { shiftKey: true }), false), null);
});

test("in a field only what says so is meant", () => {
  assert.equal(shortcuts.meant(press("k", { ctrlKey: true }), true)?.name, "palette");
  assert.equal(shortcuts.meant(press("/"), true), undefined);
  assert.equal(shortcuts.meant(press("/"), false)?.name, "write");
});

test("other keys are kept, and found by another page of this browser", () => {
  const [palette, write] = shortcuts.actions;
  assert.ok(palette && write);
  assert.equal(shortcuts.rebind(palette, "mod+j"), "kept");
  assert.equal(shortcuts.meant(press("j", { ctrlKey: true }), true)?.name, "palette");
  assert.equal(shortcuts.meant(press("k", { ctrlKey: true }), true), undefined);
  const other = new Shortcuts(/** @type {any} */ (store), false, /** @type {any} */ (table()));
  assert.deepEqual(other.keysOf(other.actions[0]), ["mod+j"]);
  shortcuts.reset();
  assert.deepEqual(shortcuts.keysOf(palette), ["mod+k"]);
});

test("no two mean the same keys, and nothing takes keys that write", () => {
  const [palette, write] = shortcuts.actions;
  assert.ok(palette && write);
  assert.equal(shortcuts.rebind(write, "mod+k"), palette);
  assert.equal(shortcuts.rebind(palette, "x"), "writes");
  assert.equal(shortcuts.isChanged, false);
});

test("what is kept in a broken shape is as good as nothing", () => {
  for (const kept of ["x", 7, { palette: "mod+j" }, { palette: [3] }, { send: ["x"] }]) {
    store.kept = kept;
    shortcuts.load();
    assert.deepEqual(shortcuts.actions.map((action) => shortcuts.keysOf(action)), [["mod+k"], ["/"], ["enter"]]);
  }
});
