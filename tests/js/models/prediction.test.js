import assert from "node:assert/strict";
import { test } from "node:test";
import { Prediction } from "../../../static/js/models/prediction.js";
import { FakeSocket } from "../fake_socket.js";

function begin() {
  const socket = new FakeSocket();
  /** @type {(() => void) | null} */
  let waiting = null;
  const prediction = new Prediction({
    socket, setTimeout: (run) => (waiting = run), clearTimeout: () => (waiting = null),
  });
  const pause = () => waiting?.();
  const answer = (...texts) => {
    const { id } = socket.sentOf("predict").at(-1);
    socket.say({ type: "predict.result", id, suggestions: texts.map((one) => (typeof one === "string" ? suggestion(one) : one)) });
  };
  const type = (text) => {
    prediction.write(text, null);
    pause();
  };
  return { socket, prediction, pause, answer, type };
}

const suggestion = (text, more = {}) => ({ text, confidence: 0.8, kind: "general", replaces: 0, ...more });

test("only the text at a pause is asked for", () => {
  const { socket, prediction, pause } = begin();
  for (const text of ["H", "Ho", "How"]) prediction.write(text, "c1");
  pause();
  assert.deepEqual(socket.sentOf("predict").map((frame) => [frame.text, frame.conversation_id]), [["How", "c1"]]);
});

test("an answer to an older text is not shown", () => {
  const { socket, prediction, type } = begin();
  type("Ho");
  const old = socket.sentOf("predict").at(-1);
  type("Hox");
  socket.say({ type: "predict.result", id: old.id, suggestions: [suggestion("w are you")] });
  assert.equal(prediction.first, undefined);
});

test("typing along with a suggestion shortens it, typing something else takes it away", () => {
  const { prediction, answer, type } = begin();
  type("exp");
  answer("lain");
  prediction.write("expl", null);
  assert.equal(prediction.first?.text, "ain");
  prediction.write("explo", null);
  assert.equal(prediction.first, undefined);
});

test("a word that is taken brings its space, and a sign typed next takes its place", () => {
  const { prediction, answer, type } = begin();
  type("exp");
  answer("lain");
  assert.deepEqual(prediction.take(prediction.first), { remove: 0, insert: "lain " });
  prediction.write("explain ", null);
  assert.equal(prediction.tidied("explain ,"), "explain,");
  assert.equal(prediction.tidied("explain, "), null);
});

test("a space typed after the one that came is not a second one", () => {
  const { prediction, answer, type } = begin();
  type("exp");
  answer("lain");
  prediction.take(prediction.first);
  assert.equal(prediction.tidied("explain  "), "explain ");
});

test("a word of it can be taken alone", () => {
  const { prediction, answer, type } = begin();
  type("How");
  answer(" do I begin");
  assert.deepEqual(prediction.take(prediction.first, true), { remove: 0, insert: " do" });
  prediction.write("How do", null);
  assert.equal(prediction.first?.text, " I begin");
});

test("a slip is replaced with its space", () => {
  const { prediction, answer, type } = begin();
  type("the diffrence ");
  answer(suggestion("difference ", { kind: "typo", replaces: 10 }));
  assert.deepEqual(prediction.take(prediction.first), { remove: 10, insert: "difference " });
});

test("what became of what was shown is told once, in numbers", () => {
  const { socket, prediction, answer, type } = begin();
  type("exp");
  answer("lain");
  type("explain th");
  answer("ree");
  type("explain the d");
  answer("ay");
  prediction.take(prediction.first);
  prediction.report("explain the day");
  const [{ kinds }] = socket.sentOf("predict.outcome");
  assert.equal(JSON.stringify(kinds.general.expected.toFixed(1)), '"2.4"');
  assert.deepEqual({ ...kinds.general, expected: 0 }, { shown: 3, right: 2, taken: 1, expected: 0 });
  prediction.report("explain the day");
  assert.equal(socket.sentOf("predict.outcome").length, 1);
});

test("nothing is asked for an empty text, nor shown after Esc", () => {
  const { socket, prediction, answer, type } = begin();
  type("  ");
  assert.equal(socket.sent.length, 0);
  type("exp");
  prediction.dismiss();
  answer("lain");
  assert.equal(prediction.first, undefined);
});
