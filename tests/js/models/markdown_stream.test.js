import assert from "node:assert/strict";
import { test } from "node:test";
import { lexer, parser } from "marked";
import { MarkdownStream } from "../../../static/js/models/markdown_stream.js";
import { mendOpen } from "../../../static/js/models/open_markdown.js";

const TEXT = `# Title

Some *emphasis*, some **strength**, and \`code\`.
Another line.

- one
- two

  with a paragraph
- three

\`\`\`python
def f():

    return 1
\`\`\`

| a | b |
|---|---|
| 1 | 2 |

> quoted

1. first
2. second

The end.
`;

/** Grow in steps of `size` and return the HTML that would stand on the page at the end. */
function grown(text, size) {
  const stream = new MarkdownStream((tail) => lexer(tail));
  let closed = "";
  let open = "";
  for (let end = size; end < text.length + size; end += size) {
    const step = stream.grow(text.slice(0, end));
    closed += parser(step.closed);
    open = parser(step.open);
  }
  return closed + open;
}

const flat = (html) => html.replace(/\n+/g, "\n").trim();

for (const size of [1, 3, 7, 50, 10_000]) {
  test(`grown ${size} characters at a time, it is what it would be at once`, () => {
    assert.equal(flat(grown(TEXT, size)), flat(parser(lexer(TEXT))));
  });
}

test("a closed block is handed over once", () => {
  const stream = new MarkdownStream((tail) => lexer(tail));
  assert.equal(stream.grow("one\n\ntwo").closed.filter((token) => token.type === "paragraph").length, 1);
  assert.equal(stream.grow("one\n\ntwo three").closed.length, 0);
});

test("only the open tail is read again", () => {
  const seen = [];
  const stream = new MarkdownStream((tail) => (seen.push(tail), lexer(tail)));
  stream.grow("first paragraph\n\nsecond");
  seen.length = 0;
  stream.grow("first paragraph\n\nsecond and more");
  assert.ok(seen.every((tail) => !tail.includes("first")));
});

test("a list stays open until something else begins", () => {
  const stream = new MarkdownStream((tail) => lexer(tail));
  assert.equal(stream.grow("- a\n\n").closed.length, 0);
  assert.equal(stream.grow("- a\n\n- b\n").closed.length, 0);
  assert.ok(stream.grow("- a\n\n- b\n\ntext").closed.length > 0);
});

test("a definition asks for a last look at everything", () => {
  assert.equal(MarkdownStream.mustReread("see [x]\n\n[x]: https://example.org"), true);
  assert.equal(MarkdownStream.mustReread("plain [x]"), false);
});

const MENDED = [
  ["**bold", "**bold**"],
  ["**bold*", "**bold**"],
  ["**", ""],
  ["an *idea", "an *idea*"],
  ["~~gone", "~~gone~~"],
  ["set `prefetch", "set `prefetch`"],
  ["set `", "set "],
  ["see [the docs](https://exa", "see the docs"],
  ["see [the do", "see the do"],
  ["text\n-", "text"],
  ["text\n#", "text"],
  ["text\n=", "text"],
  ["- one\n- two", "- one\n- two"],
  ["* one\n* two", "* one\n* two"],
  ["all **done**.", "all **done**."],
  ["a \\* b", "a \\* b"],
  ["```js\nconst a = `", "```js\nconst a = `"],
];
for (const [open, mended] of MENDED) {
  test(`the open end ${JSON.stringify(open)} is shown as ${JSON.stringify(mended)}`, () => assert.equal(mendOpen(open), mended));
}
