/**
 * Keys pressed together, written "mod+shift+o": `mod` is Cmd on a Mac and Ctrl elsewhere. Pure: reads
 * keyboard events, touches none.
 *
 * @typedef {{key: string, code?: string, ctrlKey: boolean, metaKey: boolean, altKey: boolean, shiftKey: boolean}} Press
 */

const MODIFIERS = ["mod", "alt", "shift"];
const SIGNS = /** @type {Record<string, string>} */ ({
  escape: "Esc", arrowup: "↑", arrowdown: "↓", arrowleft: "←", arrowright: "→", enter: "Enter", delete: "Del", " ": "Space", shift: "⇧", f2: "F2",
});

/** Is this key one that only comes with others? @param {string} key */
export function isModifier(key) {
  return ["Control", "Meta", "Alt", "Shift", "AltGraph", "CapsLock", "Dead", "Process", "Unidentified"].includes(key);
}

/** The keyboard's letter where the layout gives none of ours (Cyrillic, Greek): "л" on K is "k". @param {Press} press */
function keyOf({ key, code }) {
  const letter = /^Key([A-Z])$/.exec(code ?? "")?.[1];
  const isForeign = key.length === 1 && key > "\u007f";
  return (isForeign && letter ? letter : key).toLowerCase();
}

/** On some layouts a sign needs Shift: "/" is Shift-7 in Germany. There Shift says nothing. @param {string} key */
function isSign(key) {
  return key.length === 1 && key.toLowerCase() === key.toUpperCase() && key !== " ";
}

/** How a press is written; null for a modifier by itself. @param {Press} press @param {boolean} isMac @returns {string | null} */
export function written(press, isMac) {
  if (isModifier(press.key)) return null;
  // Ctrl on a Mac, and the Windows key elsewhere, belong to the system.
  if (isMac ? press.ctrlKey : press.metaKey) return null;
  const key = keyOf(press);
  const held = [isMac ? press.metaKey : press.ctrlKey, press.altKey, press.shiftKey && !isSign(key)];
  return [...MODIFIERS.filter((_, index) => held[index]), key].join("+");
}

/** As people read it, one string a key. @param {string} combo @param {boolean} isMac @returns {string[]} */
export function legible(combo, isMac) {
  return combo.split(/\+(?=.)/).map((part) => {
    if (part === "mod") return isMac ? "⌘" : "Ctrl";
    if (part === "alt") return isMac ? "⌥" : "Alt";
    return SIGNS[part] ?? part.toUpperCase();
  });
}

/** May it be pressed in a field without being meant as writing? @param {string} combo */
export function isSafeInFields(combo) {
  return combo.startsWith("mod+") || /^(?:alt\+)?(?:shift\+)?(?:f\d+|escape)$/.test(combo);
}
