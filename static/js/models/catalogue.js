/** What the page knows of the models it hears about by name. */
export class Catalogue {
  /** @param {import("../lib/protocol.js").Model[]} models */
  constructor(models) {
    this.models = models;
  }

  /** @param {string | undefined} name */
  find(name) {
    return this.models.find((model) => model.name === name);
  }

  /** Says whose the model is, also after another one has taken over. @param {import("../lib/protocol.js").Generation} generation */
  nameProvider(generation) {
    const model = this.find(generation.model);
    generation.provider = model?.provider ?? generation.provider;
    generation.provider_title = model?.provider_title ?? generation.provider;
  }

  /** How a seam calls two models: by their providers, or by their own names where those are the same. @param {string} from @param {string} to */
  seamNames(from, to) {
    const [one, other] = [this.find(from), this.find(to)];
    if (one && other && one.provider !== other.provider) return [one.provider_title, other.provider_title];
    return [one?.title ?? from, other?.title ?? to];
  }
}
