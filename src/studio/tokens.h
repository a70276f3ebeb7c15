// Who may call: secrets made here, kept only as hashes, compared in constant time.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "studio/clock.h"
#include "studio/database.h"

namespace pentimento {

struct TokenInfo {
  int64_t id = 0;
  std::string name;
  double created = 0;
  std::optional<double> last_used;
};

std::string random_secret();  // 32 characters, 160 bits
bool equal_in_constant_time(const std::string& a, const std::string& b);

// Thread contract: share freely.
class Tokens {
 public:
  Tokens(Database& db, Clock clock) : db_(db), clock_(std::move(clock)) {}
  struct Made {
    TokenInfo info;
    std::string secret;  // shown once
  };
  Made make(const std::string& name);
  // The token with that secret; remembers that it was used (once a minute at most).
  std::optional<TokenInfo> find(const std::string& secret);
  std::vector<TokenInfo> list() const;
  void remove(int64_t id);  // throws NotFound

 private:
  Database& db_;
  Clock clock_;
};

}  // namespace pentimento
