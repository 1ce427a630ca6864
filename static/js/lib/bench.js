/**
 * Heavy work beside the page, in a worker that starts with the first job. A worker that does not answer in
 * time is ended, and what it was asked comes back as null: a hostile formula costs nobody their page.
 */
const PATIENCE_MS = 10_000;

export class Bench {
  /** @param {() => Promise<{address: string}>} load the worker's module; it knows its own address */
  constructor(load) {
    this.load = load;
    this.next = 0;
    /** @type {Promise<Worker> | null} */
    this.worker = null;
    /** @type {Map<number, (html: string | null) => void>} */
    this.waiting = new Map();
  }

  /** HTML that is not clean yet; null: it could not be made. @param {object} job @returns {Promise<string | null>} */
  async ask(job) {
    let worker;
    try {
      worker = await (this.worker ??= this.hire());
    } catch {
      this.worker = null; // no network, perhaps: the next job tries again
      return null;
    }
    const id = ++this.next;
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.dismiss(), PATIENCE_MS);
      this.waiting.set(id, (html) => {
        clearTimeout(timer);
        this.waiting.delete(id);
        resolve(html);
      });
      worker.postMessage({ id, job });
    });
  }

  async hire() {
    const { address } = await this.load();
    const worker = new Worker(address, { type: "module" });
    worker.onmessage = ({ data: { id, html } }) => this.waiting.get(id)?.(html);
    worker.onerror = () => this.dismiss();
    return worker;
  }

  dismiss() {
    void this.worker?.then((worker) => worker.terminate());
    this.worker = null;
    for (const answer of [...this.waiting.values()]) answer(null);
  }
}
