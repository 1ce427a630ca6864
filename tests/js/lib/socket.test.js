import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { freshId, parseFrame } from "../../../static/js/lib/protocol.js";
import { ChatSocket } from "../../../static/js/lib/socket.js";

class Wire {
  static all = [];
  readyState = 1;
  sent = [];

  constructor(url) {
    this.url = url;
    Wire.all.push(this);
  }

  send(text) {
    this.sent.push(JSON.parse(text));
  }

  close() {
    this.readyState = 3;
  }

  say(frame) {
    this.onmessage({ data: JSON.stringify(frame) });
  }

  die(code = 1006) {
    this.readyState = 3;
    this.onclose({ code });
  }
}

let socket, timers, now, states;
const wire = () => Wire.all.at(-1);

beforeEach(() => {
  Wire.all = [];
  timers = [];
  now = 0;
  states = [];
  socket = new ChatSocket("ws://test/", {
    WebSocket: Wire, random: () => 1, now: () => now,
    setTimeout: (run, ms) => (timers.push({ run, ms, live: true }), timers.at(-1)),
    clearTimeout: (timer) => timer && (timer.live = false),
  });
  socket.on("state", (state) => states.push(state));
});

const waits = () => timers.filter((timer) => timer.live).map((timer) => timer.ms);
const ring = () => {
  const timer = timers.findLast((one) => one.live);
  timer.live = false;
  timer.run();
};

test("it is open when the server says ready, not before", () => {
  socket.open();
  assert.equal(socket.send({ type: "ping" }), false);
  wire().say({ type: "ready" });
  assert.equal(socket.send({ type: "ping" }), true);
  assert.deepEqual(states, ["connecting", "open"]);
});

test("it comes back after waits that grow, and starts over once it was open", () => {
  socket.open();
  const seen = [];
  for (let round = 0; round < 8; round++) {
    wire().die();
    seen.push(waits().at(-1));
    ring();
  }
  assert.deepEqual(seen, [400, 800, 1600, 3200, 6400, 12_800, 20_000, 20_000]);
  wire().say({ type: "ready" });
  wire().die();
  assert.equal(waits().at(-1), 400);
});

test("the waits are jittered", () => {
  socket.random = () => 0;
  socket.open();
  wire().die();
  assert.equal(waits().at(-1), 200);
});

test("a close that calls itself normal is still a loss", () => {
  socket.open();
  wire().say({ type: "ready" });
  wire().die(1000);
  assert.equal(socket.state, "waiting");
});

test("a nudge tries at once, but opens no second socket", () => {
  socket.open();
  socket.nudge();
  assert.equal(Wire.all.length, 1);
  wire().die();
  socket.nudge();
  assert.equal(Wire.all.length, 2);
  assert.deepEqual(waits(), []);
});

test("closed on purpose, it stays closed until it is opened", () => {
  socket.open();
  const first = wire();
  socket.close();
  first.die();
  socket.nudge();
  assert.equal(Wire.all.length, 1);
  assert.equal(socket.state, "closed");
  socket.open();
  assert.equal(Wire.all.length, 2);
});

for (const code of [4401, 4403]) {
  test(`a close with ${code} is not tried against`, () => {
    socket.open();
    wire().die(code);
    assert.equal(socket.state, "refused");
    socket.nudge();
    socket.open();
    assert.equal(Wire.all.length, 1);
  });
}

test("a pong says how long the way was", () => {
  let seen = 0;
  socket.on("round-trip", (ms) => (seen = ms));
  socket.open();
  wire().say({ type: "ready" });
  socket.measure();
  now = 38;
  wire().say({ type: "pong", id: wire().sent[0].id });
  assert.equal(seen, 38);
  assert.deepEqual(waits(), []);
});

test("silence after a ping ends a socket that does not know it is dead", () => {
  socket.open();
  wire().say({ type: "ready" });
  socket.measure();
  ring();
  assert.equal(socket.state, "waiting");
});

test("a frame that is none is passed over", () => {
  let heard = 0;
  socket.on("frame", () => heard++);
  socket.open();
  for (const data of ["{", "null", "[]", '{"type":1}', '"text"', 7, undefined]) wire().onmessage({ data });
  assert.equal(heard, 0);
  assert.equal(parseFrame('{"type":"pong"}').type, "pong");
});

test("ids are unique, also where the browser has no generator of its own", (t) => {
  t.mock.method(crypto, "randomUUID", undefined);
  assert.match(freshId(), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.notEqual(freshId(), freshId());
});

test("when the network goes, it does not wait to be told", () => {
  socket.open();
  wire().say({ type: "ready" });
  socket.interrupt();
  assert.equal(socket.state, "waiting");
  socket.interrupt();
  assert.equal(waits().length, 1);
});

test("a server that restarts is left for another at once, at a random moment, and only at first", () => {
  socket.random = () => 0.25;
  socket.open();
  wire().say({ type: "ready" });
  wire().die(4503);
  assert.deepEqual(waits(), [125]);
  ring();
  wire().die(4503);
  assert.ok(waits()[0] > 400);
});
