// The picture on the stage and what is drawn on it. The document and its pixels are plain objects;
// what components read of them goes through one counter.
import type { Client } from "../api/client";
import { inputFile } from "../api/client";
import type { Clock } from "../api/events";
import type { InputInfo, ServerEvent } from "../api/types";
import { canvasBlob } from "../api/upload";
import type { Rect } from "../base/geometry";
import { union } from "../base/geometry";
import type { Store } from "../base/storage";
import { CanvasDocument } from "../canvas/document";
import type { Mode, Op } from "../canvas/ops";
import { onSketch } from "../canvas/ops";
import { type Conflict, Persist } from "../canvas/persist";
import { Raster } from "../canvas/raster";
import { Brush } from "../canvas/tools/brush";
import { Lasso, Polygon, RectangleTool } from "../canvas/tools/shapes";
import type { Tool, ToolHost } from "../canvas/tools/tool";

export const toolNames = ["pan", "brush", "eraser", "rectangle", "lasso", "polygon", "pencil", "rubber"] as const;
export type ToolName = (typeof toolNames)[number];

const loadImage = (url: string): Promise<HTMLImageElement> =>
  new Promise((resolve, reject) => {
    const image = new Image();
    image.onload = () => resolve(image);
    image.onerror = () => reject(new Error(`${url}: no picture came`));
    image.src = url;
  });

export class Editor {
  #version = $state(0);
  #source = $state.raw<InputInfo | null>(null);
  #image = $state.raw<HTMLImageElement | null>(null);
  #toolName = $state<ToolName>("pan");
  #conflict = $state.raw<Conflict | null>(null);
  #failed = $state(false);
  brushSize = $state(64);
  softness = $state(0.25);
  colour = $state("#d9462b");
  zoom = $state(1); // told by the stage: for the brush's reach
  // A picture laid over the photograph: how the chosen style will look.
  ghost = $state.raw<{ url: string; opacity: number } | null>(null);

  #document: CanvasDocument | null = null;
  #raster: Raster | null = null;
  #persist: Persist | null = null;
  #tool: Tool | null = null;
  #opening = 0;
  #dirty: Rect | null = null;
  #listeners = new Set<() => void>();
  #bounds: { at: number; box: Rect | null } = { at: -1, box: null };

  constructor(
    private readonly client: Client,
    private readonly store: Store,
    private readonly clock: Clock,
  ) {}

  // --- what components read ---
  get source(): InputInfo | null {
    return this.#source;
  }
  get image(): HTMLImageElement | null {
    return this.#image;
  }
  get failed(): boolean {
    return this.#failed;
  }
  get raster(): Raster | null {
    void this.#version;
    return this.#raster;
  }
  get version(): number {
    return this.#version;
  }
  get toolName(): ToolName {
    return this.#toolName;
  }
  get tool(): Tool | null {
    void this.#toolName;
    return this.#tool;
  }
  get canUndo(): boolean {
    void this.#version;
    return this.#document?.canUndo ?? false;
  }
  get canRedo(): boolean {
    void this.#version;
    return this.#document?.canRedo ?? false;
  }
  get conflict(): Conflict | null {
    return this.#conflict;
  }
  // Where the mask is, in pixels of the picture.
  get maskBounds(): Rect | null {
    const version = this.#version;
    if (!this.#raster) return null;
    if (this.#bounds.at !== version) this.#bounds = { at: version, box: this.#raster.bounds() };
    return this.#bounds.box;
  }
  get hasSketch(): boolean {
    void this.#version;
    let ink = false;
    for (const op of this.#document?.applied ?? []) if (onSketch(op)) ink = op.type === "ink";
    return ink;
  }

  // Called at most once a frame by the stage: what to draw anew, in pixels of the raster.
  takeDirty(): Rect | null {
    const dirty = this.#dirty;
    this.#dirty = null;
    return dirty;
  }
  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
  #touch(rect: Rect | null): void {
    if (rect) this.#dirty = union(this.#dirty, rect);
    for (const listener of this.#listeners) listener();
  }

  // --- opening a picture ---
  async open(source: InputInfo | null): Promise<void> {
    if (source?.sha256 === this.#source?.sha256) return;
    this.close();
    this.#source = source;
    if (!source) return;
    const turn = ++this.#opening;
    const persist = new Persist(source.sha256, this.store, this.client, this.clock, (conflict) => {
      if (turn === this.#opening) this.#conflict = conflict;
    });
    try {
      const [image, content] = await Promise.all([loadImage(inputFile(source.sha256)), persist.load()]);
      if (turn !== this.#opening) return;
      this.#persist = persist;
      this.#image = image;
      this.#raster = new Raster(source);
      await this.#show(new CanvasDocument(source.width, source.height, content ?? undefined));
      this.brushSize = Math.max(8, Math.round(Math.max(source.width, source.height) / 14));
    } catch {
      if (turn === this.#opening) this.#failed = true;
    }
  }

  close(): void {
    this.#persist?.close();
    this.#opening += 1;
    this.#persist = null;
    this.#document = null;
    this.#raster = null;
    this.#image = null;
    this.#source = null;
    this.#conflict = null;
    this.#failed = false;
    this.#version += 1;
  }

  async #show(document: CanvasDocument): Promise<void> {
    const raster = this.#raster;
    if (!raster) return;
    for (const op of document.content().ops)
      if (op.type === "import" && !raster.knows(op.input)) raster.know(op.input, await loadImage(inputFile(op.input)).catch(() => new Image()));
    this.#document = document;
    document.listen(() => this.#changed());
    this.#refold();
  }

  #changed(): void {
    this.#refold();
    if (this.#document) void this.#persist?.save(this.#document.content());
  }

  #refold(): void {
    if (!this.#raster || !this.#document) return;
    const dirty = this.#raster.show(this.#document.applied);
    this.#version += 1;
    this.#touch(dirty);
  }

  // --- editing ---
  push(op: Op): void {
    this.#document?.push(op);
  }
  undo(): void {
    this.#tool?.cancel();
    this.#document?.undo();
  }
  redo(): void {
    this.#document?.redo();
  }

  readonly #host: ToolHost = {
    push: (op) => this.push(op),
    draft: (op, fromPoint) => this.#touch(this.#raster?.draft(op, fromPoint) ?? null),
    discardDraft: () => {
      this.#raster?.discardDraft();
      this.#touch(this.#raster?.whole ?? null);
    },
  };

  pick(name: ToolName): void {
    this.#tool?.cancel();
    this.#toolName = name;
    this.#tool = this.#make(name);
    this.#touch(null);
  }

  #make(name: ToolName): Tool | null {
    const brush = (layer: "mask" | "sketch", mode: Mode): Tool =>
      new Brush(this.#host, () => ({ layer, mode, size: this.brushSize, softness: this.softness, colour: this.colour }));
    switch (name) {
      case "pan":
        return null;
      case "brush":
        return brush("mask", "paint");
      case "eraser":
        return brush("mask", "erase");
      case "pencil":
        return brush("sketch", "paint");
      case "rubber":
        return brush("sketch", "erase");
      case "rectangle":
        return new RectangleTool(this.#host, () => "paint");
      case "lasso":
        return new Lasso(this.#host, () => "paint");
      case "polygon":
        return new Polygon(this.#host, () => "paint", () => 14 / this.zoom);
      default: {
        const never: never = name;
        return never;
      }
    }
  }

  async importMask(input: InputInfo): Promise<void> {
    if (!this.#raster) return;
    this.#raster.know(input.sha256, await loadImage(inputFile(input.sha256)));
    this.push({ type: "import", input: input.sha256 });
  }

  // --- saving ---
  async settle(keep: "mine" | "theirs"): Promise<void> {
    const conflict = this.#conflict;
    const source = this.#source;
    if (!conflict || !source || !this.#persist) return;
    this.#conflict = null;
    const content = await this.#persist.resolve(conflict, keep);
    await this.#show(new CanvasDocument(source.width, source.height, content));
  }

  // Another tab or device saved this document.
  async apply(event: ServerEvent): Promise<void> {
    const source = this.#source;
    if (event.type !== "document" || !source || event.input !== source.sha256) return;
    if (!this.#persist?.isNews(event.id, event.revision) || this.#persist.hasUnsaved) return;
    const content = await this.#persist.load();
    if (content) await this.#show(new CanvasDocument(source.width, source.height, content));
  }

  // --- leaving for the server ---
  // The mask in the size of the picture.
  async maskPicture(): Promise<Blob | null> {
    const raster = this.#raster;
    const source = this.#source;
    if (!raster || !source || !this.maskBounds) return null;
    return canvasBlob(this.#drawn((context) => context.drawImage(raster.mask, 0, 0, source.width, source.height)));
  }

  // The photograph with the sketch laid over it; null when nothing is sketched.
  async sketchedPicture(): Promise<Blob | null> {
    const raster = this.#raster;
    const image = this.#image;
    const source = this.#source;
    if (!raster || !image || !source || !this.hasSketch) return null;
    return canvasBlob(
      this.#drawn((context) => {
        context.drawImage(image, 0, 0, source.width, source.height);
        context.drawImage(raster.ink, 0, 0, source.width, source.height);
      }),
    );
  }

  // A piece of the photograph (with its sketch), turned by quarter turns to the right.
  croppedPicture(box: Rect, quarterTurns: number): Promise<Blob> {
    const image = this.#image;
    const raster = this.#raster;
    if (!image || !raster) return Promise.reject(new Error("there is no picture"));
    const turned = quarterTurns % 2 === 1;
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(turned ? box.height : box.width);
    canvas.height = Math.round(turned ? box.width : box.height);
    const context = canvas.getContext("2d");
    if (!context) return Promise.reject(new Error("this browser offers no 2D canvas"));
    context.translate(canvas.width / 2, canvas.height / 2);
    context.rotate((quarterTurns * Math.PI) / 2);
    context.translate(-box.width / 2 - box.x, -box.height / 2 - box.y);
    context.drawImage(image, 0, 0);
    context.scale(1 / raster.scale, 1 / raster.scale);
    context.drawImage(raster.ink, 0, 0);
    return canvasBlob(canvas);
  }

  #drawn(draw: (context: CanvasRenderingContext2D) => void): HTMLCanvasElement {
    const canvas = document.createElement("canvas");
    canvas.width = this.#source?.width ?? 1;
    canvas.height = this.#source?.height ?? 1;
    const context = canvas.getContext("2d");
    if (context) draw(context);
    return canvas;
  }
}
