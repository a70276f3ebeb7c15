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

  put(download: Download): void {
    this.#all = new Map(this.#all).set(download.id, download);
  }
  drop(id: string): void {
    const all = new Map(this.#all);
    all.delete(id);
    this.#all = all;
  }

  apply(event: ServerEvent): void {
    if (event.type === "download") this.put(event.download);
  }
}
