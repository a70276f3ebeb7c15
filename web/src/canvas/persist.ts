// Keeps what was drawn on a picture: in the browser after each edit, on the server a moment later
// under a revision. When another tab or device saved in between, nothing is overwritten: the
// person chooses.
import type { Clock } from "../api/events";
import type { Client } from "../api/client";
import { ApiError } from "../api/client";
import type { Json, StoredDocument } from "../api/types";
import type { Store } from "../base/storage";
import type { DocumentContent } from "./document";

type Remote = Pick<Client, "documents" | "document" | "newDocument" | "saveDocument">;

interface Local {
  readonly id: string | null;
  readonly revision: number;
  readonly content: DocumentContent;
  readonly unsaved: boolean;
}

export interface Conflict {
  readonly mine: DocumentContent;
  readonly theirs: StoredDocument;
}

const kSaveAfterMs = 1200;

const contentOf = (document: StoredDocument): DocumentContent => document.content as unknown as DocumentContent;

export class Persist {
  private id: string | null = null;
  private revision = 0;
  private latest: DocumentContent | null = null;
  private saving = false;
  private stopTimer: () => void = () => {};
  private closed = false;

  constructor(
    private readonly input: string,
    private readonly store: Store,
    private readonly remote: Remote,
    private readonly clock: Clock,
    private readonly onConflict: (conflict: Conflict) => void,
  ) {}

  private get key(): string {
    return `document ${this.input}`;
  }

  async load(): Promise<DocumentContent | null> {
    const local = await this.store.get<Local>(this.key);
    let theirs: StoredDocument | null;
    try {
      const [newest] = (await this.remote.documents(this.input)).items;
      theirs = newest ? await this.remote.document(newest.id) : null;
    } catch {
      this.id = local?.id ?? null;
      this.revision = local?.revision ?? 0;
      if (local?.unsaved) this.latest = local.content;
      return local?.content ?? null;
    }
    if (theirs) {
      this.id = theirs.id;
      this.revision = theirs.revision;
    }
    if (local?.unsaved) {
      this.latest = local.content;
      if (theirs && theirs.revision !== local.revision) this.onConflict({ mine: local.content, theirs });
      else this.later();
      return local.content;
    }
    return theirs ? contentOf(theirs) : (local?.content ?? null);
  }

  // The edit is in the browser's storage when this resolves.
  async save(content: DocumentContent): Promise<void> {
    this.latest = content;
    await this.remember(content, true);
    this.later();
  }

  // True when a revision that came by an event is news to this tab.
  isNews(id: string, revision: number): boolean {
    return (this.id === null || id === this.id) && revision > this.revision && !this.saving;
  }
  get hasUnsaved(): boolean {
    return this.latest !== null;
  }

  // After a conflict: what stays.
  async resolve(conflict: Conflict, keep: "mine" | "theirs"): Promise<DocumentContent> {
    this.id = conflict.theirs.id;
    this.revision = conflict.theirs.revision;
    if (keep === "mine") {
      await this.save(conflict.mine);
      return conflict.mine;
    }
    this.latest = null;
    const content = contentOf(conflict.theirs);
    await this.remember(content, false);
    return content;
  }

  close(): void {
    this.closed = true;
    this.stopTimer();
    if (this.latest) void this.send();
  }

  private remember(content: DocumentContent, unsaved: boolean): Promise<void> {
    const local: Local = { id: this.id, revision: this.revision, content, unsaved };
    return this.store.set(this.key, local).catch(() => {});
  }

  private later(wait = kSaveAfterMs): void {
    this.stopTimer();
    if (!this.closed) this.stopTimer = this.clock.after(wait, () => void this.send());
  }

  private async send(): Promise<void> {
    const content = this.latest;
    if (!content || this.saving) return;
    this.saving = true;
    try {
      const json = content as unknown as Json;
      // Somebody may have begun to draw on this picture since it was opened here.
      const [begun] = this.id ? [] : (await this.remote.documents(this.input)).items;
      if (begun) {
        this.onConflict({ mine: content, theirs: await this.remote.document(begun.id) });
        return;
      }
      const saved = this.id ? await this.remote.saveDocument(this.id, this.revision, json) : await this.remote.newDocument(this.input, json);
      this.id = saved.id;
      this.revision = saved.revision;
      if (this.latest === content) {
        this.latest = null;
        await this.remember(content, false);
      }
    } catch (error) {
      if (error instanceof ApiError && error.status === 409 && error.current)
        this.onConflict({ mine: content, theirs: error.current as StoredDocument });
      else if (error instanceof ApiError && error.status === 404) this.id = null;
    } finally {
      this.saving = false;
      if (this.latest && this.latest !== content) this.later();
      else if (this.latest) this.later(kSaveAfterMs * 8);
    }
  }
}
