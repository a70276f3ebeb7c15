// What there is to choose from: kinds of jobs, models, samplers, styles. Read at the start and when
// the server says that it changed.
import type { Client } from "../api/client";
import type { FieldInfo, KindInfo, ModelInfo, PaintingStyle, PromptStyle, ServerEvent } from "../api/types";

export class Choices {
  #kinds = $state.raw<readonly KindInfo[]>([]);
  #models = $state.raw<readonly ModelInfo[]>([]);
  #folder = $state<string | null>(null);
  #samplers = $state.raw<readonly string[]>([]);
  #schedulers = $state.raw<readonly { name: string; label: string }[]>([]);
  #paintingStyles = $state.raw<readonly PaintingStyle[]>([]);
  #promptStyles = $state.raw<readonly PromptStyle[]>([]);
  #loaded = $state(false);

  constructor(private readonly client: Client) {}

  get loaded(): boolean {
    return this.#loaded;
  }
  get kinds(): readonly KindInfo[] {
    return this.#kinds;
  }
  get models(): readonly ModelInfo[] {
    return this.#models;
  }
  get modelFolder(): string | null {
    return this.#folder;
  }
  get samplers(): readonly string[] {
    return this.#samplers;
  }
  get schedulers(): readonly { name: string; label: string }[] {
    return this.#schedulers;
  }
  get paintingStyles(): readonly PaintingStyle[] {
    return this.#paintingStyles;
  }
  get promptStyles(): readonly PromptStyle[] {
    return this.#promptStyles;
  }

  kind(name: string): KindInfo | undefined {
    return this.#kinds.find((kind) => kind.kind === name);
  }
  field(kind: string, name: string): FieldInfo | undefined {
    return this.kind(kind)?.fields.find((field) => field.name === name);
  }

  async load(): Promise<void> {
    await Promise.all([
      this.loadKinds(),
      this.loadModels(),
      this.client.samplers().then((r) => (this.#samplers = r.items.map((s) => s.name))),
      this.client.schedulers().then((r) => (this.#schedulers = r.items)),
      this.client.paintingStyles().then((r) => (this.#paintingStyles = r.items)),
      this.loadPromptStyles(),
    ]);
    this.#loaded = true;
  }

  async loadKinds(): Promise<void> {
    this.#kinds = (await this.client.kinds()).items;
  }
  async loadModels(): Promise<void> {
    const answer = await this.client.models();
    this.#models = answer.items;
    this.#folder = answer.folder ?? null;
  }
  async loadPromptStyles(): Promise<void> {
    this.#promptStyles = (await this.client.promptStyles()).items;
  }

  apply(event: ServerEvent): void {
    // A new model can make a kind available.
    if (event.type === "models") void Promise.all([this.loadModels(), this.loadKinds()]).catch(() => {});
  }
}
