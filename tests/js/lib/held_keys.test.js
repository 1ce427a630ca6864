import assert from "node:assert/strict";
import { test } from "node:test";
import { HeldKeys } from "../../../static/js/lib/held_keys.js";

/** @param {EventTarget} page @param {string} key @param {object} [more] whether it went its own way */
function press(page, key, more = {}) {
  const event = Object.assign(new Event("keydown", { cancelable: true }), { key, getModifierState: () => false, ...more });
  return page.dispatchEvent(event);
}

test("what is typed is held in its order, and nobody else gets it", () => {
  const page = new EventTarget();
  const held = new HeldKeys(page);
  for (const key of ["ä", " ", "🐝", "Backspace", "ArrowDown", "Enter"]) assert.equal(press(page, key), false);
  assert.deepEqual(held.release(), ["ä", " ", "🐝", "Backspace", "ArrowDown", "Enter"]);
});

test("once it is released keys go their own way", () => {
  const page = new EventTarget();
  const held = new HeldKeys(page);
  held.release();
  assert.equal(press(page, "a"), true);
  assert.deepEqual(held.keys, []);
});

test("commands, modifiers and what an input method composes are not held", () => {
  const page = new EventTarget();
  const held = new HeldKeys(page);
  for (const [key, more] of [["k", { ctrlKey: true }], ["v", { metaKey: true }], ["Shift", {}], ["F5", {}], ["a", { isComposing: true }], ["a", { keyCode: 229 }]]) {
    assert.equal(press(page, /** @type {string} */ (key), /** @type {object} */ (more)), true);
  }
  assert.equal(press(page, "@", { ctrlKey: true, altKey: true, getModifierState: () => true }), false); // AltGr
  assert.deepEqual(held.release(), ["@"]);
});

test("after Escape nothing is held and nobody waits", () => {
  const page = new EventTarget();
  const held = new HeldKeys(page);
  press(page, "a");
  assert.equal(press(page, "Escape"), false);
  assert.equal(press(page, "b"), true);
  assert.equal(held.isGivenUp, true);
  assert.deepEqual(held.release(), []);
});
