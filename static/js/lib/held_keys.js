/**
 * Keys that are pressed while the code of what was asked for is on its way. Without it they would go where the focus
 * still is: into the question that is being written, which Enter would send.
 */

// Beside what writes a character.
const TAKEN = ["Enter", "Backspace", "ArrowDown", "ArrowUp", "PageDown", "PageUp"];

export class HeldKeys {
  /** @param {EventTarget} from whatever hears keys before anybody else */
  constructor(from) {
    /** @type {string[]} in their order, by `KeyboardEvent.key` */
    this.keys = [];
    /** Escape was pressed: nobody waits for it any more. */
    this.isGivenUp = false;
    this.from = from;
    /** @param {Event} event */
    this.hold = (event) => this.press(/** @type {KeyboardEvent} */ (event));
    from.addEventListener("keydown", this.hold, { capture: true });
  }

  /** @param {KeyboardEvent} event */
  press(event) {
    // What an input method composes belongs to the field it has begun in; a command is somebody else's.
    if (event.isComposing || event.keyCode === 229) return;
    if ((event.ctrlKey || event.altKey || event.metaKey) && !event.getModifierState("AltGraph")) return;
    if (event.key === "Escape") this.giveUp();
    else if ([...event.key].length === 1 || TAKEN.includes(event.key)) this.keys.push(event.key);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  giveUp() {
    this.isGivenUp = true;
    this.release();
  }

  /** From now on keys go their own way again. @returns {string[]} what was held */
  release() {
    this.from.removeEventListener("keydown", this.hold, { capture: true });
    return this.isGivenUp ? [] : this.keys;
  }
}
