// What the server says (docs/api.md). Only this folder casts JSON to these.

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };
export type Fields = Record<string, Json>;

export interface InputInfo {
  sha256: string;
  name: string;
  format: string;
  width: number;
  height: number;
  bytes: number;
  created: number;
  infotext: string | null;
}

export type FieldType = "string" | "integer" | "number" | "boolean" | "array" | "object";

export interface FieldInfo {
  name: string;
  type: FieldType;
  default: Json;
  nullable?: boolean;
  minimum?: number;
  maximum?: number;
  choices?: string[];
  required?: boolean;
  fields?: FieldInfo[];
  items?: FieldType;
  what: string;
}

export interface InputRole {
  name: string;
  required: boolean;
  what: string;
  field?: string | null; // of the request that it belongs to
}

export interface KindInfo {
  kind: string;
  what?: string;
  available: boolean;
  reason: string | null;
  inputs: InputRole[];
  fields: FieldInfo[];
}

export type JobState = "queued" | "running" | "done" | "failed" | "cancelled" | "interrupted";

export interface Progress {
  stage: string;
  step: number;
  steps: number;
  fraction: number;
  elapsed_s: number;
  left_s: number | null;
  preview: string | null;
}

export interface Job {
  id: string;
  kind: string;
  state: JobState;
  quarantined: boolean;
  label: string;
  priority: number;
  position: number | null;
  request: Fields;
  inputs: Record<string, string>;
  created: number;
  started: number | null;
  finished: number | null;
  attempts: number;
  resumable: boolean;
  progress: Progress | null;
  error: { kind: string; code: string; message: string } | null;
  pictures: string[];
  parent: string | null;
  result?: Json;
}

export interface JobRequest {
  kind: string;
  request: Fields;
  inputs: Record<string, string>;
  priority?: number;
  label?: string;
  key?: string;
}

export interface Queue {
  paused: boolean;
  notice: { code: string; message: string; jobs: string[] } | null;
  queued: number;
  running: string | null;
  interrupted: string[];
  left_s: number | null;
}

export interface Plan {
  ok: boolean;
  problems: { field: string; code: string; message: string }[];
  steps: number | null;
  steps_that_run: number | null;
  width: number | null;
  height: number | null;
  pictures: number | null;
  seconds: number | null;
  seconds_known: boolean;
  memory_bytes: number | null;
  memory_available_bytes: number | null;
  fits: boolean | null;
  sentence: string;
}

export interface Picture {
  id: string;
  sha256: string;
  kind: string;
  width: number;
  height: number;
  bytes: number;
  format: string;
  created: number;
  job: string | null;
  index: number;
  favourite: boolean;
  tags: string[];
  trashed: number | null;
  prompt: string;
  negative_prompt: string;
  model: string;
  seed: number | null;
  infotext: string;
  parameters: Record<string, string>;
  inputs: Record<string, string>;
  file: string;
  thumbnail: string;
}

export interface PictureFilter {
  q?: string;
  kind?: string;
  tag?: string;
  model?: string;
  favourite?: boolean;
  trashed?: boolean;
  input?: string;
  job?: string;
  from?: number;
  to?: number;
}

export interface Page<T> {
  items: T[];
  next: string | null;
}

export interface ModelInfo {
  id: string;
  name: string;
  file: string;
  relative?: string; // path below its folder
  type: string;
  kind?: string | null; // finer than the type: "catvton", "ip_adapter"
  bytes: number;
  sha256: string | null;
  family: string | null;
  variant: string | null;
  native_size_px: number | null;
  default_steps?: number | null;
  default_cfg?: number | null;
  problem: string | null;
  problem_zh?: string | null; // where the program has words for it
  notes: string[];
  method?: string | null;
  precision?: string | null;
  missing?: number | null;
  tags?: string[];
  trigger_words?: string[];
  title?: string | null;
  base_model?: string | null;
  licence?: string | null;
  source?: string | null;
  creator?: string | null;
  preferred_weight?: number | null;
  preview?: string | null;
}

// What the program says of a model in plain words.
export interface ModelReport {
  what: string;
  needs: string;
  problem: string;
  notes: string[];
}

export interface ModelDetails extends ModelInfo {
  report?: { en: ModelReport; "zh-CN": ModelReport } | null;
  metadata?: Record<string, string>;
  description?: string | null;
  user_notes?: string | null;
  path?: string | null;
}

// What a source on the network says of a model.
export interface Offer {
  source: string;
  spec: string;
  name: string;
  version: string;
  type: string;
  base_model: string | null;
  family: string | null;
  licence: string | null;
  creator: string | null;
  description: string;
  page: string;
  trigger_words: string[];
  bytes: number | null;
  downloads: number | null;
  preview: string | null;
}

export interface Download {
  id: string;
  spec: string;
  state: "queued" | "running" | "done" | "failed" | "cancelled" | "interrupted";
  stage: string | null;
  offer: Offer | null;
  created: number;
  finished: number | null;
  done_bytes: number;
  total_bytes: number;
  bytes_per_s: number | null;
  left_s: number | null;
  error: { code: string; message: string } | null;
  model: string | null;
}

export interface PaintingStyle {
  id: number;
  key: string;
  name: { en: string; zh: string };
}

export interface PromptStyle {
  name: string;
  prompt: string;
  negative_prompt: string;
}

export interface Parsed {
  kind: string;
  request: Fields;
  parameters: Record<string, string>;
  model_hash: string | null;
  known_model: string | null;
  infotext?: string | null;
}

export interface Settings {
  values: Fields;
  fields: FieldInfo[];
}

export interface SystemInfo {
  version: string;
  device: string;
  precision: string;
  threads: number;
  cores: number;
  memory_available_bytes: number;
  memory_peak_bytes: number;
  disk_free_bytes: number;
  data_folder: string | null;
  uptime_s: number;
  listening: string[];
}

export interface Session {
  required: boolean;
  authenticated: boolean;
  admin: boolean;
}

export interface Token {
  id: string;
  name: string;
  created: number;
  last_used: number | null;
}

export interface NewToken {
  id: string;
  name: string;
  token: string;
  urls: string[];
  qr: { size: number; rows: string[] };
}

export interface DocumentInfo {
  id: string;
  input: string | null;
  name: string;
  revision: number;
  updated: number;
}

export interface StoredDocument extends DocumentInfo {
  content: Json;
}

export interface Lineage {
  ancestors: { type: "picture" | "input"; id: string; depth: number }[];
  descendants: { type: "picture" | "input"; id: string; depth: number }[];
}

export type ServerEvent =
  | { type: "snapshot"; version: string; queue: Queue; jobs: Job[] }
  | { type: "job"; job: Job }
  | { type: "job_removed"; id: string }
  | { type: "progress"; job: string; progress: Progress }
  | { type: "queue"; queue: Queue }
  | { type: "picture"; picture: Picture }
  | { type: "pictures_removed"; ids: string[] }
  | { type: "document"; id: string; input: string | null; revision: number; updated: number }
  | { type: "models" }
  | { type: "download"; download: Download }
  | { type: "settings" }
  | { type: "ping"; time: number };
