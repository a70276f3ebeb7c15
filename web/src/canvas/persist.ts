// Keeps what was drawn on a picture: in the browser after each edit, on the server a moment later
// under a revision. When another tab or device saved in between, nothing is overwritten: the
// person chooses. What was sent without an answer (a reload, a lost connection) is remembered, so
// that nobody is asked to choose between their own two drawings.
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
  readonly sent?: DocumentContent | null; // on its way to the server when this was written
}

export interface Conflict {
  readonly mine: DocumentContent;
  readonly theirs: StoredDocument;
}

const kSaveAfterMs = 1200;

const contentOf = (document: StoredDocument): DocumentContent => document.content as unknown as DocumentContent;

// The server gives members back in an order of its own.
const ordered = (_key: string, value: unknown): unknown =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))) : value;
const same = (a: DocumentContent, b: DocumentContent | null | undefined): boolean => !!b && JSON.stringify(a, ordered) === JSON.stringify(b, ordered);

export class Persist {
  private id: string | null = null;
  private revision = 0;
  private latest: DocumentContent | null = null;
  private sent: DocumentContent | null = null; // no answer came yet
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
      if (theirs && theirs.revision !== local.revision && !same(contentOf(theirs), local.sent) && !same(contentOf(theirs), local.content))
        this.onConflict({ mine: local.content, theirs });
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
    this.latest = this.sent = null;
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
    const local: Local = { id: this.id, revision: this.revision, content, unsaved, sent: this.sent };
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
    const unanswered = this.sent;
    let again = kSaveAfterMs * 8;
    try {
      const json = content as unknown as Json;
      // Somebody may have begun to draw on this picture since it was opened here.
      const [begun] = this.id ? [] : (await this.remote.documents(this.input)).items;
      if (begun) {
        if (!this.adopts(await this.remote.document(begun.id), unanswered, content)) return;
      }
      this.sent = content;
      await this.remember(content, true);
      const saved = this.id ? await this.remote.saveDocument(this.id, this.revision, json) : await this.remote.newDocument(this.input, json);
      this.id = saved.id;
      this.revision = saved.revision;
      this.sent = null;
      if (this.latest === content) this.latest = null;
      await this.remember(this.latest ?? content, this.latest !== null);
    } catch (error) {
      if (error instanceof ApiError && error.status === 409 && error.current) {
        if (this.adopts(error.current as StoredDocument, unanswered, content)) again = 0;
      } else if (error instanceof ApiError && error.status === 404) this.id = null;
    } finally {
      this.saving = false;
      if (this.latest && this.latest !== content) this.later();
      else if (this.latest) this.later(again);
    }
  }

  // What the server has is this tab's own, sent without an answer: the next save builds on it.
  // Otherwise somebody else's, and the person is asked.
  private adopts(theirs: StoredDocument, ...own: (DocumentContent | null)[]): boolean {
    if (own.some((content) => same(contentOf(theirs), content))) {
      this.id = theirs.id;
      this.revision = theirs.revision;
      return true;
    }
    this.sent = null;
    this.onConflict({ mine: own.findLast((content) => content !== null) as DocumentContent, theirs });
    return false;
  }
}
