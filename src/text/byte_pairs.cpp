#include "text/byte_pairs.h"

#include <algorithm>
#include <array>
#include <queue>

#include "base/error.h"
#include "text/unicode.h"

namespace pentimento {
namespace {

constexpr std::string_view kWordEnd = "</w>";
constexpr int kBytes = 256;

bool is_printable(int byte) {
  return (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
}

// Printable bytes stand for themselves and come first in the vocabulary; the others follow, shown
// as U+0100, U+0101, …
struct ByteTable {
  std::array<int, kBytes> id{};          // byte -> token
  std::array<char32_t, kBytes> shown{};  // byte -> character
  std::array<int, 2 * kBytes> byte{};    // character -> byte, or -1

  ByteTable() {
    byte.fill(-1);
    int next = 0;
    for (int b = 0; b < kBytes; ++b)
      if (is_printable(b)) add(b, next++, b);
    for (int b = 0, extra = 0; b < kBytes; ++b)
      if (!is_printable(b)) add(b, next++, kBytes + extra++);
  }
  void add(int b, int token, char32_t character) {
    id[b] = token;
    shown[b] = character;
    byte[character] = b;
  }
};

const ByteTable& byte_table() {
  static const ByteTable table;
  return table;
}

uint64_t pair_key(int left, int right) {
  return static_cast<uint64_t>(left) << 32 | static_cast<uint32_t>(right);
}

// One line off the front, without its end ("\n" or "\r\n").
std::string_view take_line(std::string_view& text) {
  const size_t end = std::min(text.find('\n'), text.size());
  std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

[[noreturn]] void bad_line(size_t number, const std::string& found) {
  throw Error(
      ErrorKind::CorruptFile,
      "merges: line " + std::to_string(number) + " " + found +
          "; expected two known tokens with one space between them, as in CLIP's merges.txt");
}

}  // namespace

BytePairs::BytePairs(std::string_view text) {
  std::unordered_map<std::string, int> ids;
  const size_t lines = std::count(text.begin(), text.end(), '\n');
  ids.reserve(lines + 2 * kBytes);
  merges_.reserve(lines);
  const auto add_token = [&](std::string spelling) {
    const int id = static_cast<int>(spellings_.size());
    if (!ids.emplace(spelling, id).second) return false;
    spellings_.push_back(std::move(spelling));
    return true;
  };

  std::vector<std::string> bytes(kBytes);
  for (int b = 0; b < kBytes; ++b) append_utf8(bytes[byte_table().id[b]], byte_table().shown[b]);
  for (const std::string& b : bytes) add_token(b);
  for (const std::string& b : bytes) add_token(b + std::string(kWordEnd));

  for (size_t number = 1; !text.empty(); ++number) {
    const std::string_view line = take_line(text);
    if (line.empty() || (number == 1 && line.find("#version") != line.npos)) continue;
    const size_t space = line.find(' ');
    if (space == line.npos || line.find(' ', space + 1) != line.npos)
      bad_line(number, "is not a pair");
    const auto left = ids.find(std::string(line.substr(0, space)));
    const auto right = ids.find(std::string(line.substr(space + 1)));
    if (left == ids.end() || right == ids.end())
      bad_line(number, "joins a token that no line before it makes");
    const int id = vocab_size();
    if (!add_token(left->first + right->first))
      bad_line(number, "makes a token that exists already");
    const int rank = static_cast<int>(merges_.size());
    merges_.emplace(pair_key(left->second, right->second), Merge{rank, id});
  }
  spellings_.push_back("<|startoftext|>");
  spellings_.push_back("<|endoftext|>");
}

int BytePairs::id_of_byte(unsigned char byte, bool ends_word) const {
  return byte_table().id[byte] + (ends_word ? kBytes : 0);
}

const BytePairs::Merge* BytePairs::find_merge(int left, int right) const {
  const auto found = merges_.find(pair_key(left, right));
  return found == merges_.end() ? nullptr : &found->second;
}

void BytePairs::encode_word(std::string_view word, std::vector<int>& ids) const {
  // Symbols are a linked list inside an array; a merged-away symbol has id -1.
  struct Symbol {
    int id, previous, next;
  };
  std::vector<Symbol> symbols(word.size());
  const int count = static_cast<int>(word.size());
  for (int i = 0; i < count; ++i)
    symbols[i] = {id_of_byte(word[i], i + 1 == count), i - 1, i + 1 < count ? i + 1 : -1};

  struct Candidate {
    int rank, at, id;
    bool operator>(const Candidate& other) const {
      return rank != other.rank ? rank > other.rank : at > other.at;
    }
  };
  std::priority_queue<Candidate, std::vector<Candidate>, std::greater<>> queue;
  const auto consider = [&](int at) {
    if (at < 0 || symbols[at].next < 0) return;
    if (const Merge* merge = find_merge(symbols[at].id, symbols[symbols[at].next].id))
      queue.push({merge->rank, at, merge->id});
  };
  for (int i = 0; i < count; ++i) consider(i);

  while (!queue.empty()) {
    const Candidate best = queue.top();
    queue.pop();
    Symbol& left = symbols[best.at];
    if (left.id < 0 || left.next < 0) continue;
    // The pair may have changed since it was queued.
    const Merge* merge = find_merge(left.id, symbols[left.next].id);
    if (!merge || merge->id != best.id) continue;
    Symbol& right = symbols[left.next];
    left.id = merge->id;
    left.next = right.next;
    right.id = -1;
    if (left.next >= 0) symbols[left.next].previous = best.at;
    consider(left.previous);
    consider(best.at);
  }
  for (int i = count ? 0 : -1; i >= 0; i = symbols[i].next) ids.push_back(symbols[i].id);
}

std::string BytePairs::to_bytes(std::string_view spelled) {
  std::string bytes;
  for (size_t at = 0; at < spelled.size();) {
    const CodePoint c = decode_utf8(spelled, at);
    const int byte = c.value < 2 * kBytes ? byte_table().byte[c.value] : -1;
    if (byte >= 0)
      bytes += static_cast<char>(byte);
    else
      bytes += spelled.substr(at, c.length);
    at += c.length;
  }
  return bytes;
}

}  // namespace pentimento
