import { words } from "../lib/words.js";

const LONGEST_TITLE = 200;

/**
 * Puts an input in the place of a line's title. Enter and leaving it save, Esc gives up.
 * @param {HTMLElement} item @param {string} title
 * @param {(title: string) => void} done called once, with "" when given up
 */
export function renameInPlace(item, title, done) {
  const input = document.createElement("input");
  input.className = "rename";
  input.value = title;
  input.maxLength = LONGEST_TITLE;
  input.ariaLabel = words.rename;
  let isOver = false;
  /** @param {string} value */
  const finish = (value) => {
    if (isOver) return;
    isOver = true;
    const hadFocus = document.activeElement === input;
    input.replaceWith(...kept);
    done(value);
    if (hadFocus) /** @type {HTMLElement | null} */ (document.querySelector(`[data-line="${item.dataset.line}"] a`))?.focus();
  };
  input.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.isComposing) return;
    if (event.key === "Enter") finish(input.value.trim());
    else if (event.key === "Escape") finish("");
  });
  input.addEventListener("blur", () => finish(input.value.trim()));
  const kept = [...item.childNodes];
  item.replaceChildren(input);
  input.focus();
  input.select();
}
