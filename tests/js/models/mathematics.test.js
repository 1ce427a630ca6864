import assert from "node:assert/strict";
import { test } from "node:test";
import { marked } from "../../../static/js/models/markdown.js";
import { mendOpen } from "../../../static/js/models/open_markdown.js";

const html = (text) => marked.parse(text).trim();
const inline = (tex) => `<code class="math">${tex}</code>`;
const display = (tex) => `<code class="math display">${tex}</code>`;

for (const [text, wanted] of [
  ["so $x^2$ it is", `<p>so ${inline("x^2")} it is</p>`],
  ["so \\(x_1 * y_1 * z\\) it is", `<p>so ${inline("x_1 * y_1 * z")} it is</p>`],
  ["$$\na < b\n$$", `<p>${display("a &lt; b")}</p>`],
  ["\\[\n\\int f\n\\]", `<p>${display("\\int f")}</p>`],
  ["from words\n$$x$$\nto words", `<p>from words</p>\n<p>${display("x")}</p>\n<p>to words</p>`],
]) {
  test(`${JSON.stringify(text)} holds a formula`, () => assert.equal(html(text), wanted));
}

for (const text of ["$5 and $6", "between $5/$6", "a $ b $ c", "costs US$3", "`$x$`", "$$", "\\( open", "a\n\n```\n$$x$$\n```"]) {
  test(`${JSON.stringify(text)} holds none`, () => assert.ok(!html(text).includes("math"), html(text)));
}

test("a formula's source cannot leave its element", () => {
  assert.equal(html("$</code><img src=x onerror=alert(1)>$"), `<p>${inline("&lt;/code&gt;&lt;img src=x onerror=alert(1)&gt;")}</p>`);
});

for (const [open, shown] of [
  ["so \\(x^", "so "],
  ["so\n$$\n\\frac{1", "so\n"],
  ["so\n\\[\n\\frac{1", "so\n"],
  ["so $$x$$ is", "so $$x$$ is"],
  ["it costs $5", "it costs $5"],
]) {
  test(`half a formula is not shown: ${JSON.stringify(open)}`, () => assert.equal(mendOpen(open), shown));
}
