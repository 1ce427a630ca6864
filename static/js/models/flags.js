/** What is switched on for this person: told with the page, so that nothing flickers because it came later. */

export class Flags {
  /** @param {Record<string, boolean>} told */
  constructor(told) {
    this.told = new Map(Object.entries(told ?? {}));
  }

  /** A name that the page was not told of is off. @param {string} name */
  on(name) {
    return this.told.get(name) === true;
  }
}
