import assert from "node:assert/strict";
import { test } from "node:test";
import { marked } from "../../../static/js/models/markdown.js";

const html = (text) => marked.parse(text).trim();

for (const raw of ["<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<style>*{display:none}</style>", "a <b onclick=x>b</b>"]) {
  test(`raw HTML is shown as text: ${raw}`, () => {
    assert.ok(!/<(?!\/?p>)/.test(html(raw)), html(raw));
    assert.ok(html(raw).includes("&lt;"));
  });
}

test("a line break is the one tag that means something", () => assert.equal(html("a<br>b"), "<p>a<br>b</p>"));

test("a picture is a link that says so", () => {
  assert.equal(html("![a cat](https://example.org/cat.png)"), '<p><a href="https://example.org/cat.png">Image on example.org: a cat</a></p>');
});

test("a picture's address cannot leave its attribute", () => {
  assert.ok(!/onerror=[^&]*"/.test(html('![p](x"onerror="alert(1))')));
});

test("an answer's headings stand below the page's", () => {
  assert.equal(html("# One"), "<h3>One</h3>");
  assert.equal(html("###### Six"), "<h6>Six</h6>");
});

test("a task list shows its boxes, and no dots beside them", () => {
  assert.equal(html("- [x] done\n- [ ] open\n- plain"), '<ul>\n<li class="task">☑ done</li>\n<li class="task">☐ open</li>\n<li>plain</li>\n</ul>');
});

test("what there is to do is nested and loose like all else", () => {
  assert.match(html("- [ ] open\n  - [x] **inside**"), /☐ open<ul>\n<li class="task">☑ <strong>inside<\/strong><\/li>/);
  assert.match(html("- [ ] one\n\n- [x] two"), /<li class="task"><p>☐ one<\/p>/);
});
