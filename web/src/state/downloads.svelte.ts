// Models on their way here.
import { ApiError, type Client } from "../api/client";
import type { Download, ServerEvent } from "../api/types";

export class Downloads {
  #all = $state.raw<ReadonlyMap<string, Download>>(new Map());
  // False where the program has no library that fetches.
  #able = $state(false);

  readonly list = $derived([...this.#all.values()].sort((a, b) => b.created - a.created));
  readonly active = $derived(this.list.filter((download) => download.state === "running" || download.state === "queued"));

  constructor(private readonly client: Client) {}

  get able(): boolean {
    return this.#able;
  }

  async load(): Promise<void> {
    try {
      const { items } = await this.client.downloads();
      this.#all = new Map(items.map((download) => [download.id, download]));
      this.#able = true;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
    }
  }

  // What a request answered: events may have overtaken it, so it counts only for a download that
  // nobody has told of yet.
  offer(download: Download): void {
    if (!this.#all.has(download.id)) this.#put(download);
  }
  #put(download: Download): void {
    this.#all = new Map(this.#all).set(download.id, download);
  }
  drop(id: string): void {
    const all = new Map(this.#all);
    all.delete(id);
    this.#all = all;
  }

  apply(event: ServerEvent): void {
    if (event.type === "download") this.#put(event.download);
  }
}
