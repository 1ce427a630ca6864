/**
 * A modal dialog made by script: Esc and a click beside it close it, the focus goes back to where it was
 * (the browser's doing), and then it is gone.
 * @param {string} className @param {string} label
 * @param {() => void} [closed]
 */
export function dialog(className, label, closed) {
  const element = document.createElement("dialog");
  element.className = className;
  element.ariaLabel = label;
  element.addEventListener("pointerdown", (event) => {
    if (event.target !== element) return;
    const { left, right, top, bottom } = element.getBoundingClientRect();
    const isBeside = event.clientX < left || event.clientX > right || event.clientY < top || event.clientY > bottom;
    if (isBeside) element.close();
  });
  element.addEventListener("close", () => {
    element.remove();
    closed?.();
  });
  document.body.append(element);
  return element;
}

/** An element with its class, text and children at once. @template {keyof HTMLElementTagNameMap} T @param {T} tag @param {string} [className] @param {(Node | string)[]} children @returns {HTMLElementTagNameMap[T]} */
export function make(tag, className = "", ...children) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...children);
  return element;
}

/** @param {string[]} parts */
export function keycaps(parts) {
  const keys = make("span", "keys");
  for (const part of parts) keys.append(make("kbd", "", part));
  return keys;
}
