#include "studio/tokens.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "base/sha256.h"
#include "studio/coded_error.h"
#include "studio/job.h"

namespace pentimento {

std::string random_secret() {
  constexpr char kDigits[] = "abcdefghijkmnpqrstuvwxyz23456789";  // 32, none mistaken for another
  unsigned char bytes[32];
  if (RAND_bytes(bytes, sizeof bytes) != 1)
    throw Error(ErrorKind::Internal, "the system gives no random numbers");
  std::string secret;
  for (const unsigned char byte : bytes) secret += kDigits[byte % 32];
  return secret;
}

bool equal_in_constant_time(const std::string& a, const std::string& b) {
  const std::string x = sha256_hex(a), y = sha256_hex(b);  // equal lengths whatever came in
  return CRYPTO_memcmp(x.data(), y.data(), x.size()) == 0;
}

Tokens::Made Tokens::make(const std::string& name) {
  Made made{{0, name, clock_(), std::nullopt}, random_secret()};
  const auto lock = db_.lock();
  db_.run("INSERT INTO token (name, hash, created) VALUES (?, ?, ?)", name, sha256_hex(made.secret),
          made.info.created);
  made.info.id = db_.last_id();
  return made;
}

std::optional<TokenInfo> Tokens::find(const std::string& secret) {
  const auto lock = db_.lock();
  // Looking up a SHA-256 tells nothing about the secret by the time it takes.
  Statement row = db_.query("SELECT id, name, created, last_used FROM token WHERE hash = ?",
                            sha256_hex(secret));
  if (!row.next()) return std::nullopt;
  const TokenInfo info{row.integer(0), row.text(1), row.real(2), row.maybe_real(3)};
  if (clock_() - info.last_used.value_or(0) > 60)
    db_.run("UPDATE token SET last_used = ? WHERE id = ?", clock_(), info.id);
  return info;
}

std::vector<TokenInfo> Tokens::list() const {
  const auto lock = db_.lock();
  std::vector<TokenInfo> tokens;
  Statement rows = db_.query("SELECT id, name, created, last_used FROM token ORDER BY id");
  while (rows.next())
    tokens.push_back({rows.integer(0), rows.text(1), rows.real(2), rows.maybe_real(3)});
  return tokens;
}

void Tokens::remove(int64_t id) {
  const auto lock = db_.lock();
  db_.run("DELETE FROM token WHERE id = ?", id);
  if (db_.changes() == 0)
    throw CodedError(ErrorKind::NotFound, "not_found", "there is no token " + public_id('t', id));
}

}  // namespace pentimento
