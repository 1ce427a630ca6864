import assert from "node:assert/strict";
import { test } from "node:test";
import { Flags } from "../../../static/js/models/flags.js";

test("what is on is on, and what is off or unknown is off", () => {
  const flags = new Flags({ palette: true, search: false });
  assert.equal(flags.on("palette"), true);
  assert.equal(flags.on("search"), false);
  assert.equal(flags.on("nobodys"), false);
  assert.equal(flags.on("constructor"), false);
});
