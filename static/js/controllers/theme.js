import { Controller } from "../lib/attach.js";

const YEAR_IN_SECONDS = 60 * 60 * 24 * 365;

/** Pages kept on the device were rendered for nobody: there the script reads the cookie that the server reads elsewhere. */
export function wearChosenTheme() {
  const chosen = /(?:^|; )theme=(dark|light)/.exec(document.cookie)?.[1];
  const { dataset } = document.documentElement;
  if (chosen) dataset.theme ??= chosen;
  if (/(?:^|; )density=compact/.test(document.cookie)) dataset.density ??= "compact";
}

/** Light or dark, kept in a cookie so that the server draws the next page in it from the first byte. */
export class Theme extends Controller {
  toggle() {
    const root = document.documentElement;
    const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
    const theme = (root.dataset.theme ?? system) === "dark" ? "light" : "dark";
    root.dataset.theme = theme;
    // Back on what the system says: forget the choice, so that the page follows the system again.
    const age = theme === system ? 0 : YEAR_IN_SECONDS;
    document.cookie = `theme=${theme}; path=/; max-age=${age}; samesite=lax`;
  }
}
