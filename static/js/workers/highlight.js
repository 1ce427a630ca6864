/// <reference types="highlight.js" />
/**
 * Code to coloured code. The page loads this file for its address alone; the work begins where there is no
 * document. A language is loaded when it is first met.
 */
import { serve } from "./serve.js";

export const address = import.meta.url;

const LANGUAGES = {
  bash: () => import("highlight.js/lib/languages/bash"),
  c: () => import("highlight.js/lib/languages/c"),
  cpp: () => import("highlight.js/lib/languages/cpp"),
  csharp: () => import("highlight.js/lib/languages/csharp"),
  css: () => import("highlight.js/lib/languages/css"),
  dart: () => import("highlight.js/lib/languages/dart"),
  diff: () => import("highlight.js/lib/languages/diff"),
  dockerfile: () => import("highlight.js/lib/languages/dockerfile"),
  elixir: () => import("highlight.js/lib/languages/elixir"),
  elm: () => import("highlight.js/lib/languages/elm"),
  erlang: () => import("highlight.js/lib/languages/erlang"),
  go: () => import("highlight.js/lib/languages/go"),
  graphql: () => import("highlight.js/lib/languages/graphql"),
  haskell: () => import("highlight.js/lib/languages/haskell"),
  ini: () => import("highlight.js/lib/languages/ini"),
  java: () => import("highlight.js/lib/languages/java"),
  javascript: () => import("highlight.js/lib/languages/javascript"),
  json: () => import("highlight.js/lib/languages/json"),
  kotlin: () => import("highlight.js/lib/languages/kotlin"),
  latex: () => import("highlight.js/lib/languages/latex"),
  less: () => import("highlight.js/lib/languages/less"),
  lua: () => import("highlight.js/lib/languages/lua"),
  makefile: () => import("highlight.js/lib/languages/makefile"),
  markdown: () => import("highlight.js/lib/languages/markdown"),
  nginx: () => import("highlight.js/lib/languages/nginx"),
  objectivec: () => import("highlight.js/lib/languages/objectivec"),
  perl: () => import("highlight.js/lib/languages/perl"),
  php: () => import("highlight.js/lib/languages/php"),
  plaintext: () => import("highlight.js/lib/languages/plaintext"),
  powershell: () => import("highlight.js/lib/languages/powershell"),
  python: () => import("highlight.js/lib/languages/python"),
  r: () => import("highlight.js/lib/languages/r"),
  ruby: () => import("highlight.js/lib/languages/ruby"),
  rust: () => import("highlight.js/lib/languages/rust"),
  scala: () => import("highlight.js/lib/languages/scala"),
  scss: () => import("highlight.js/lib/languages/scss"),
  sql: () => import("highlight.js/lib/languages/sql"),
  swift: () => import("highlight.js/lib/languages/swift"),
  typescript: () => import("highlight.js/lib/languages/typescript"),
  vim: () => import("highlight.js/lib/languages/vim"),
  xml: () => import("highlight.js/lib/languages/xml"),
  yaml: () => import("highlight.js/lib/languages/yaml"),
};
/** @type {Record<string, keyof typeof LANGUAGES>} */
const ALIASES = {
  "c#": "csharp", "c++": "cpp", cc: "cpp", console: "bash", cs: "csharp", docker: "dockerfile", ex: "elixir", golang: "go",
  h: "c", hpp: "cpp", hs: "haskell", html: "xml", js: "javascript", jsx: "javascript", kt: "kotlin", make: "makefile",
  md: "markdown", "objective-c": "objectivec", objc: "objectivec", patch: "diff", pl: "perl", postgresql: "sql", ps1: "powershell",
  py: "python", rb: "ruby", rs: "rust", sh: "bash", shell: "bash", svg: "xml", tex: "latex", toml: "ini", ts: "typescript",
  tsx: "typescript", yml: "yaml", zsh: "bash",
};

if (typeof document === "undefined") {
  const core = import("highlight.js/lib/core");
  serve(async ({ code, language }) => {
    const asked = language.toLowerCase();
    const name = ALIASES[asked] ?? asked;
    if (!Object.hasOwn(LANGUAGES, name)) return null;
    const { default: engine } = await core;
    if (!engine.getLanguage(name)) engine.registerLanguage(name, (await LANGUAGES[/** @type {keyof typeof LANGUAGES} */ (name)]()).default);
    return engine.highlight(code, { language: name, ignoreIllegals: true }).value;
  });
}
