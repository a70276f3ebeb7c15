#include "studio/schema.h"

namespace pentimento {
namespace {

// Times are seconds since 1970. JSON columns are written and read by the program only.
constexpr const char* kFirst = R"sql(
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE setting (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE input (
  sha256 TEXT PRIMARY KEY, name TEXT NOT NULL, format TEXT NOT NULL,
  width INTEGER NOT NULL, height INTEGER NOT NULL, bytes INTEGER NOT NULL,
  created REAL NOT NULL, infotext TEXT, picture INTEGER
) WITHOUT ROWID;

CREATE TABLE job (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  key TEXT UNIQUE,
  kind TEXT NOT NULL, label TEXT NOT NULL DEFAULT '',
  state TEXT NOT NULL CHECK (state IN ('queued','running','done','failed','cancelled','interrupted')),
  priority INTEGER NOT NULL DEFAULT 0,
  place REAL NOT NULL,
  request TEXT NOT NULL, inputs TEXT NOT NULL, hidden TEXT NOT NULL DEFAULT '{}',
  created REAL NOT NULL, started REAL, finished REAL,
  attempts INTEGER NOT NULL DEFAULT 0, crashes INTEGER NOT NULL DEFAULT 0,
  quarantined INTEGER NOT NULL DEFAULT 0,
  parent INTEGER, error TEXT
);
CREATE INDEX job_order ON job (state, priority DESC, place);

CREATE TABLE picture (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  sha256 TEXT NOT NULL, file TEXT NOT NULL, kind TEXT NOT NULL, format TEXT NOT NULL,
  width INTEGER NOT NULL, height INTEGER NOT NULL, bytes INTEGER NOT NULL,
  created REAL NOT NULL,
  job INTEGER, idx INTEGER NOT NULL DEFAULT 0,
  favourite INTEGER NOT NULL DEFAULT 0, trashed REAL, missing INTEGER NOT NULL DEFAULT 0,
  prompt TEXT NOT NULL DEFAULT '', negative_prompt TEXT NOT NULL DEFAULT '',
  model TEXT NOT NULL DEFAULT '', seed INTEGER,
  infotext TEXT NOT NULL DEFAULT '', request TEXT NOT NULL DEFAULT '{}', inputs TEXT NOT NULL DEFAULT '{}',
  UNIQUE (job, idx)
);
CREATE INDEX picture_created ON picture (trashed, created DESC, id DESC);
CREATE INDEX picture_sha256 ON picture (sha256);
CREATE TABLE picture_tag (
  picture INTEGER NOT NULL REFERENCES picture (id) ON DELETE CASCADE, tag TEXT NOT NULL,
  PRIMARY KEY (picture, tag)
) WITHOUT ROWID;
CREATE INDEX picture_tag_tag ON picture_tag (tag);
CREATE TABLE picture_input (
  picture INTEGER NOT NULL REFERENCES picture (id) ON DELETE CASCADE, role TEXT NOT NULL, sha256 TEXT NOT NULL,
  PRIMARY KEY (picture, role)
) WITHOUT ROWID;
CREATE INDEX picture_input_sha256 ON picture_input (sha256);
-- Files whose rows are gone and that are about to be deleted: a crash in between loses nothing else.
CREATE TABLE doomed_file (sha256 TEXT NOT NULL, extension TEXT NOT NULL, PRIMARY KEY (sha256, extension)) WITHOUT ROWID;
CREATE VIRTUAL TABLE picture_text USING fts5 (words, tokenize='trigram');

CREATE TABLE document (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  input TEXT, name TEXT NOT NULL DEFAULT '', revision INTEGER NOT NULL, updated REAL NOT NULL,
  content TEXT NOT NULL
);
CREATE INDEX document_updated ON document (updated DESC, id DESC);
CREATE TABLE token (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL, hash TEXT NOT NULL UNIQUE, created REAL NOT NULL, last_used REAL
);
CREATE TABLE prompt_style (name TEXT PRIMARY KEY, prompt TEXT NOT NULL, negative_prompt TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE pace (work TEXT PRIMARY KEY, seconds_per_unit REAL NOT NULL, samples INTEGER NOT NULL) WITHOUT ROWID;
)sql";

// How many pictures a job will make, so that the length of ten thousand of them is told at once;
// what a job found out that is not a picture.
constexpr const char* kJobPictures = R"sql(
ALTER TABLE job ADD COLUMN pictures INTEGER NOT NULL DEFAULT 1;
UPDATE job SET pictures = MAX(1, COALESCE(json_extract(request, '$.batch'), 1));
ALTER TABLE job ADD COLUMN result TEXT;
CREATE INDEX job_waiting ON job (state, kind, pictures);
)sql";

constexpr const char* kMigrations[] = {kFirst, kJobPictures};

}  // namespace

std::span<const char* const> studio_migrations() { return kMigrations; }

}  // namespace pentimento
