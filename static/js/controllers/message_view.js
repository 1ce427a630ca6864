import { elementsOf, markdown } from "../lib/markdown.js";
import { words } from "../lib/words.js";
import { marked } from "../models/markdown.js";
import { MarkdownStream } from "../models/markdown_stream.js";
import { failureCard } from "./failure_card.js";
import { foot, questionFoot } from "./foot.js";
import { drawKept } from "./kept.js";

/** @typedef {import("../models/conversation.js").Entry} Entry */

/** The element of one message. It is drawn from `_message.html`, on the server and here alike. */
export class MessageView {
  /** @param {HTMLElement} element @param {import("../models/catalogue.js").Catalogue} catalogue */
  constructor(element, catalogue) {
    this.element = element;
    this.catalogue = catalogue;
    this.said = /** @type {HTMLElement} */ (element.querySelector('[data-part="said"]'));
    this.foot = /** @type {HTMLElement} */ (element.querySelector('[data-part="foot"]'));
    /** What is drawn: the text, finished; or the stream that draws it. */
    this.drawn = "";
    /** @type {MarkdownStream | null} */
    this.stream = null;
    /** The elements of the open tail, replaced with every frame. @type {ChildNode[]} */
    this.tail = [];
    this.seams = 0;
    this.beginning = 0;
    /** Plain text, until the reader comes near. */
    this.isFar = false;
    /** Nobody watches yet how near it is. */
    this.isUntouched = true;
  }

  /** Plain text again, without its furniture: a few nodes, and still found by the browser's own search. @param {Entry} entry */
  fold(entry) {
    this.isFar = true;
    this.stream = null;
    this.tail = [];
    this.drawn = "";
    this.element.querySelector("details")?.remove();
    this.element.querySelector(".failure")?.remove();
    this.foot.replaceChildren();
    if (entry.role === "user") return;
    this.said.classList.remove("skeleton");
    this.said.classList.add("plain");
    this.said.replaceChildren(entry.text);
  }

  /** @param {HTMLTemplateElement} template @param {Entry} entry @param {import("../models/catalogue.js").Catalogue} catalogue */
  static create(template, entry, catalogue) {
    const element = /** @type {HTMLElement} */ (template.content.firstElementChild?.cloneNode(true));
    element.classList.add(entry.role);
    element.dataset.key = entry.key;
    const heading = element.querySelector("h2");
    if (heading) heading.textContent = (entry.role === "user" ? heading.dataset.user : heading.dataset.assistant) ?? "";
    return new MessageView(element, catalogue);
  }

  /** Draw the entry as it is. @param {Entry} entry @param {{last: boolean, online: boolean, temporary: boolean}} place */
  draw(entry, place) {
    if (entry.role === "user") this.drawQuestion(entry, place);
    else this.drawAnswer(entry, place);
  }

  /** @param {Entry} entry @param {{online: boolean, temporary: boolean}} place */
  drawQuestion(entry, place) {
    if (this.said.textContent !== entry.text) this.said.textContent = entry.text;
    this.element.toggleAttribute("data-sending", entry.sending === true);
    if (!entry.sending) this.foot.replaceChildren(...questionFoot(entry, place.temporary));
    else this.foot.replaceChildren(...(place.online ? [] : [document.createTextNode(words.waitingForConnection)]));
  }

  /** @param {Entry} entry @param {{last: boolean, online: boolean, temporary: boolean}} place */
  drawAnswer(entry, place) {
    const running = entry.generation?.state === "running" || entry.waitsFor !== undefined;
    if (running) this.grow(entry);
    else this.finish(entry);
    this.element.toggleAttribute("data-running", running);
    this.element.toggleAttribute("data-last", place.last);
    drawKept(this.element, this.said, entry.generation?.context);
    this.drawReasoning(entry, running);
    const failure = entry.failure ?? entry.generation?.error;
    this.element.querySelector(".failure")?.remove();
    if (failure && !running) this.foot.before(failureCard(failure, Boolean(entry.text) && !place.temporary));
    this.foot.replaceChildren(...foot(entry, running, place.temporary));
  }

  /** @param {Entry} entry */
  grow(entry) {
    const { answer } = entry;
    if (!answer || answer.text === "") {
      this.wait(answer?.position ?? null, entry.prefill ?? "");
      return;
    }
    if (!this.stream || this.beginning !== answer.beginning) {
      this.stream = new MarkdownStream((text) => marked.lexer(text));
      this.beginning = answer.beginning;
      this.seams = 0;
      this.tail = [];
      this.said.replaceChildren();
      this.said.classList.remove("plain", "skeleton");
    }
    if (this.drawn === answer.text && this.seams === answer.seams.length) return;
    const { closed, open } = this.stream.grow(answer.text);
    for (const node of this.tail) node.remove();
    if (closed.length > 0) this.said.append(elementsOf(closed));
    for (; this.seams < answer.seams.length; this.seams++) this.said.append(this.seam(answer.seams[this.seams]));
    const fragment = elementsOf(open, false);
    this.tail = [...fragment.childNodes];
    this.said.append(fragment);
    this.drawn = answer.text;
  }

  /** @param {{from: string, to: string} | undefined} seam */
  seam(seam) {
    const line = document.createElement("div");
    line.className = "seam";
    if (seam) {
      const [from = "", to = ""] = this.catalogue.seamNames(seam.from, seam.to);
      line.textContent = words.seam(from, to);
    }
    return line;
  }

  /** Nothing has come yet: the shape of what will. @param {number | null} position @param {string} prefill */
  wait(position, prefill) {
    this.stream = null;
    this.drawn = "";
    if (prefill) {
      this.drawWhole(prefill);
      return;
    }
    if (!this.said.classList.contains("skeleton")) {
      this.said.classList.add("skeleton");
      this.said.classList.remove("plain");
      this.said.replaceChildren(...["wide", "wide", "short"].map((width) => skeletonLine(width)));
    }
    this.said.dataset.note = position ? words.queued(position) : "";
  }

  /** @param {Entry} entry */
  finish(entry) {
    if (this.said.classList.contains("skeleton")) this.drawWhole(entry.text);
    else if (this.stream) {
      // What is closed stays, seams and selections with it, unless the end has changed its meaning.
      this.drawn = "";
      for (const node of this.tail) node.remove();
      if (MarkdownStream.mustReread(entry.text)) this.drawWhole(entry.text);
      else this.said.append(elementsOf(marked.lexer(entry.text.slice(this.stream.closedAt))));
      this.stream = null;
      this.tail = [];
      this.drawn = entry.text;
    } else if (this.drawn !== entry.text || this.said.classList.contains("plain")) this.drawWhole(entry.text);
  }

  /** @param {string} text */
  drawWhole(text) {
    if (this.drawn === text && !this.said.classList.contains("plain") && !this.said.classList.contains("skeleton")) return;
    this.said.classList.remove("plain", "skeleton");
    this.said.replaceChildren(markdown(text));
    this.drawn = text;
  }

  /** @param {Entry} entry @param {boolean} running */
  drawReasoning(entry, running) {
    const text = (running ? entry.answer?.reasoning : entry.generation?.reasoning) ?? "";
    let details = this.element.querySelector("details.reasoning");
    if (!text) {
      details?.remove();
      return;
    }
    if (!details) {
      details = document.createElement("details");
      details.className = "reasoning";
      details.append(document.createElement("summary"), document.createElement("div"));
      this.said.before(details);
    }
    const [summary, body] = details.children;
    if (summary) summary.textContent = running && !entry.answer?.text ? words.thinking : words.thought;
    if (body && body.textContent !== text) body.textContent = text;
  }
}

/** @param {string} width */
function skeletonLine(width) {
  const line = document.createElement("span");
  line.className = `skeleton-line ${width}`;
  return line;
}
