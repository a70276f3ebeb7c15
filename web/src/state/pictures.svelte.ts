// Pictures the page has heard of, and the newest of them for the tray.
import type { Client } from "../api/client";
import type { Picture, ServerEvent } from "../api/types";

const kTray = 60;

export class Pictures {
  #known = $state.raw<ReadonlyMap<string, Picture>>(new Map());
  #version = $state(0);

  readonly recent = $derived(
    [...this.#known.values()]
      .filter((picture) => picture.trashed === null)
      .sort((a, b) => b.created - a.created)
      .slice(0, kTray),
  );

  constructor(private readonly client: Client) {}

  // Counts changes that a list with a filter must look at.
  get version(): number {
    return this.#version;
  }
  find(id: string): Picture | undefined {
    return this.#known.get(id);
  }

  ofJob(job: string): Picture[] {
    return [...this.#known.values()].filter((picture) => picture.job === job && picture.trashed === null);
  }
  // All that a job has made, also before this page was opened.
  async loadJob(job: string): Promise<void> {
    this.learn((await this.client.pictures({ job }, null, 200)).items);
  }

  async load(): Promise<void> {
    this.learn((await this.client.pictures({}, null, kTray)).items);
  }

  async need(id: string): Promise<Picture> {
    const known = this.#known.get(id);
    if (known) return known;
    const picture = await this.client.picture(id);
    this.learn([picture]);
    return picture;
  }

  learn(pictures: readonly Picture[]): void {
    const known = new Map(this.#known);
    for (const picture of pictures) known.set(picture.id, picture);
    this.#known = known;
  }

  apply(event: ServerEvent): void {
    if (event.type === "picture") {
      this.learn([event.picture]);
      this.#version += 1;
    } else if (event.type === "pictures_removed") {
      const known = new Map(this.#known);
      for (const id of event.ids) known.delete(id);
      this.#known = known;
      this.#version += 1;
    }
  }
}
