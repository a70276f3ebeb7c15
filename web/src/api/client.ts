// The server's interface as functions. Everything that fails throws ApiError.
import type {
  DocumentInfo, Download, FieldInfo, Fields, InputInfo, Job, JobRequest, Json, KindInfo, Lineage, ModelDetails, ModelInfo, NewToken, Offer, Page, PaintingStyle, Parsed,
  Picture, PictureFilter, Plan, PromptStyle, Queue, Session, Settings, StoredDocument, SystemInfo, Token,
} from "./types";

export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly field: string | null = null,
    readonly current: unknown = null,
  ) {
    super(message);
  }
}

// The server writes null for what a field does not limit.
const tidied = (field: FieldInfo): FieldInfo => {
  const kept = Object.fromEntries(Object.entries(field).filter(([name, value]) => value !== null || name === "default")) as unknown as FieldInfo;
  return kept.fields ? { ...kept, fields: kept.fields.map(tidied) } : kept;
};
const tidySettings = (settings: Settings): Settings => ({ ...settings, fields: settings.fields.map(tidied) });

export type Fetch = (input: string, init?: RequestInit) => Promise<Response>;

interface ErrorBody {
  error?: { code?: string; message?: string; field?: string; current?: unknown };
}

export class Client {
  // Told when the server asks for a token.
  onUnauthorized: () => void = () => {};

  constructor(private readonly fetch: Fetch) {}

  private async send<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
    const init: RequestInit = { method };
    if (signal) init.signal = signal;
    if (body instanceof Blob) {
      init.body = body;
      init.headers = { "Content-Type": body.type };
    } else if (body !== undefined) {
      init.body = JSON.stringify(body);
      init.headers = { "Content-Type": "application/json" };
    }
    let response: Response;
    try {
      response = await this.fetch(path, init);
    } catch (error) {
      if (error instanceof DOMException && error.name === "AbortError") throw error;
      throw new ApiError(0, "unreachable", "the server does not answer");
    }
    if (response.ok) return (response.status === 204 ? undefined : await response.json()) as T;
    if (response.status === 401) this.onUnauthorized();
    let found: ErrorBody = {};
    try {
      found = (await response.json()) as ErrorBody;
    } catch {
      // A proxy's page, not ours.
    }
    const { code = "internal", message = response.statusText, field = null, current = null } = found.error ?? {};
    throw new ApiError(response.status, code, message, field, current);
  }

  private get<T>(path: string, signal?: AbortSignal): Promise<T> {
    return this.send<T>("GET", path, undefined, signal);
  }
  private post<T>(path: string, body: unknown = {}, signal?: AbortSignal): Promise<T> {
    return this.send<T>("POST", path, body, signal);
  }

  // --- access ---
  session = (): Promise<Session> => this.get("/api/v1/session");
  signIn = (token: string): Promise<Session> => this.post("/api/v1/session", { token });
  signOut = (): Promise<Session> => this.send("DELETE", "/api/v1/session");
  tokens = (): Promise<{ items: Token[] }> => this.get("/api/v1/tokens");
  newToken = (name: string): Promise<NewToken> => this.post("/api/v1/tokens", { name });
  removeToken = (id: string): Promise<unknown> => this.send("DELETE", `/api/v1/tokens/${id}`);

  // --- inputs ---
  input = (sha256: string): Promise<InputInfo> => this.get(`/api/v1/inputs/${sha256}`);
  upload = (picture: Blob, name: string): Promise<InputInfo> =>
    this.post(`/api/v1/inputs?name=${encodeURIComponent(name)}`, picture);
  // A mask of what stands before a plain background, or of the background, as an input.
  select = (sha256: string, what: "thing" | "background"): Promise<InputInfo> => this.post(`/api/v1/inputs/${sha256}/select`, { what });
  inputFromPicture = (picture: string): Promise<InputInfo> => this.post("/api/v1/inputs/from-picture", { picture });

  // --- jobs ---
  kinds = async (): Promise<{ items: KindInfo[] }> => {
    const { items } = await this.get<{ items: KindInfo[] }>("/api/v1/kinds");
    return { items: items.map((kind) => ({ ...kind, fields: kind.fields.map(tidied) })) };
  };
  plan = (job: JobRequest, signal?: AbortSignal): Promise<Plan> => this.post("/api/v1/plan", job, signal);
  submit = (job: JobRequest): Promise<Job> => this.post("/api/v1/jobs", job);
  job = (id: string): Promise<Job> => this.get(`/api/v1/jobs/${id}`);
  jobs = (query: string): Promise<Page<Job>> => this.get(`/api/v1/jobs?${query}`);
  cancel = (id: string): Promise<Job> => this.post(`/api/v1/jobs/${id}/cancel`);
  skip = (id: string): Promise<Job> => this.post(`/api/v1/jobs/${id}/skip`);
  retry = (id: string): Promise<Job> => this.post(`/api/v1/jobs/${id}/retry`);
  duplicate = (id: string, request: Fields): Promise<Job> => this.post(`/api/v1/jobs/${id}/duplicate`, { request });
  move = (id: string, before: string | null): Promise<Job> => this.post(`/api/v1/jobs/${id}/move`, { before });
  forget = (id: string): Promise<unknown> => this.send("DELETE", `/api/v1/jobs/${id}`);
  cancelAll = (which: "queued" | "all"): Promise<unknown> => this.post("/api/v1/jobs/cancel", { which });
  pause = (): Promise<Queue> => this.post("/api/v1/queue/pause");
  resume = (): Promise<Queue> => this.post("/api/v1/queue/resume");

  // --- gallery ---
  pictures = (filter: PictureFilter, cursor: string | null, limit: number, signal?: AbortSignal): Promise<Page<Picture>> => {
    const query = new URLSearchParams({ limit: String(limit) });
    for (const [name, value] of Object.entries(filter)) if (value !== undefined && value !== "") query.set(name, String(value));
    if (cursor) query.set("cursor", cursor);
    return this.get(`/api/v1/pictures?${query}`, signal);
  };
  picture = (id: string): Promise<Picture> => this.get(`/api/v1/pictures/${id}`);
  pictureSettings = (id: string): Promise<JobRequest> => this.get(`/api/v1/pictures/${id}/settings`);
  lineage = (id: string): Promise<Lineage> => this.get(`/api/v1/pictures/${id}/lineage`);
  changePicture = (id: string, change: { favourite?: boolean; tags?: string[] }): Promise<Picture> =>
    this.send("PATCH", `/api/v1/pictures/${id}`, change);
  trash = (ids: string[]): Promise<unknown> => this.post("/api/v1/pictures/trash", { ids });
  restore = (ids: string[]): Promise<unknown> => this.post("/api/v1/pictures/restore", { ids });
  deleteForGood = (ids: string[]): Promise<unknown> => this.post("/api/v1/pictures/delete", { ids });
  importPicture = (picture: Blob, name: string): Promise<Picture> =>
    this.post(`/api/v1/pictures/import?name=${encodeURIComponent(name)}`, picture);
  tags = (): Promise<{ items: { tag: string; count: number }[] }> => this.get("/api/v1/tags");

  // --- choices ---
  models = (type = ""): Promise<{ items: ModelInfo[]; folder?: string }> =>
    this.get(`/api/v1/models${type ? `?type=${type}` : ""}`);
  refreshModels = (): Promise<unknown> => this.post("/api/v1/models/refresh");
  model = (id: string): Promise<ModelDetails> => this.get(`/api/v1/models/${id}`);
  changeModel = (id: string, change: Fields): Promise<ModelDetails> => this.send("PATCH", `/api/v1/models/${id}`, change);
  forgetModel = (id: string): Promise<unknown> => this.send("DELETE", `/api/v1/models/${id}`);
  lookUpModel = (id: string): Promise<ModelDetails> => this.post(`/api/v1/models/${id}/look-up`);
  searchModels = (query: Fields): Promise<Page<Offer>> => this.post("/api/v1/models/search", query);
  downloads = (): Promise<Page<Download>> => this.get("/api/v1/models/downloads");
  getModel = (spec: string, anyway = false): Promise<Download> => this.post("/api/v1/models/downloads", { spec, anyway });
  cancelDownload = (id: string): Promise<Download> => this.post(`/api/v1/models/downloads/${id}/cancel`);
  retryDownload = (id: string): Promise<Download> => this.post(`/api/v1/models/downloads/${id}/retry`);
  forgetDownload = (id: string): Promise<unknown> => this.send("DELETE", `/api/v1/models/downloads/${id}`);
  samplers = (): Promise<{ items: { name: string }[] }> => this.get("/api/v1/samplers");
  schedulers = (): Promise<{ items: { name: string; label: string }[] }> => this.get("/api/v1/schedulers");
  paintingStyles = (): Promise<{ items: PaintingStyle[] }> => this.get("/api/v1/painting-styles");
  promptStyles = (): Promise<{ items: PromptStyle[] }> => this.get("/api/v1/prompt-styles");
  savePromptStyle = (name: string, style: { prompt: string; negative_prompt: string }): Promise<unknown> =>
    this.send("PUT", `/api/v1/prompt-styles/${encodeURIComponent(name)}`, style);
  removePromptStyle = (name: string): Promise<unknown> =>
    this.send("DELETE", `/api/v1/prompt-styles/${encodeURIComponent(name)}`);
  countTokens = (prompt: string, signal?: AbortSignal): Promise<{ used: number; capacity: number }> =>
    this.post("/api/v1/prompt/tokens", { prompt }, signal);
  parseInfotext = (text: string): Promise<Parsed> => this.post("/api/v1/infotext/parse", { text });
  readInfotext = (picture: Blob): Promise<Parsed> => this.post("/api/v1/infotext/read", picture);
  settings = async (): Promise<Settings> => tidySettings(await this.get<Settings>("/api/v1/settings"));
  changeSettings = async (values: Fields): Promise<Settings> => tidySettings(await this.send<Settings>("PATCH", "/api/v1/settings", values));
  system = (): Promise<SystemInfo> => this.get("/api/v1/system");

  // --- canvas documents ---
  documents = (input: string): Promise<Page<DocumentInfo>> => this.get(`/api/v1/documents?input=${input}&limit=1`);
  document = (id: string): Promise<StoredDocument> => this.get(`/api/v1/documents/${id}`);
  newDocument = (input: string | null, content: Json): Promise<StoredDocument> =>
    this.post("/api/v1/documents", { input, name: "", content });
  saveDocument = (id: string, revision: number, content: Json): Promise<DocumentInfo> =>
    this.send("PUT", `/api/v1/documents/${id}`, { revision, content });
}

export const inputFile = (sha256: string): string => `/api/v1/inputs/${sha256}/file`;
export const inputThumbnail = (sha256: string): string => `/api/v1/inputs/${sha256}/thumbnail`;
export const pictureFile = (id: string): string => `/api/v1/pictures/${id}/file`;
export const pictureThumbnail = (id: string): string => `/api/v1/pictures/${id}/thumbnail`;
