#include "samplers/seed_sequence.h"

namespace pentimento {
namespace {

// Little-endian 32-bit words without leading zeros; 0 is one word.
void append_words(std::vector<uint32_t>& words, uint64_t value) {
  words.push_back(static_cast<uint32_t>(value));
  if (value >> 32) words.push_back(static_cast<uint32_t>(value >> 32));
}

// One running constant, multiplied on at every use.
class Hash {
 public:
  uint32_t operator()(uint32_t value) {
    value ^= constant_;
    constant_ *= 0x931e8875u;
    value *= constant_;
    return value ^ value >> 16;
  }

 private:
  uint32_t constant_ = 0x43b0d7e5u;
};

uint32_t mix(uint32_t x, uint32_t y) {
  const uint32_t result = 0xca01f9ddu * x - 0x4973f715u * y;
  return result ^ result >> 16;
}

}  // namespace

SeedSequence::SeedSequence(uint64_t entropy, std::span<const uint64_t> spawn_key, size_t pool_size)
    : pool_(pool_size) {
  std::vector<uint32_t> words;
  append_words(words, entropy);
  // A child's path never mixes with the entropy itself: it starts behind the pool.
  if (!spawn_key.empty() && words.size() < pool_size) words.resize(pool_size, 0);
  for (uint64_t key : spawn_key) append_words(words, key);

  Hash hash;
  for (size_t i = 0; i < pool_size; ++i) pool_[i] = hash(i < words.size() ? words[i] : 0);
  for (size_t from = 0; from < pool_size; ++from)
    for (size_t to = 0; to < pool_size; ++to)
      if (from != to) pool_[to] = mix(pool_[to], hash(pool_[from]));
  for (size_t i = pool_size; i < words.size(); ++i)
    for (uint32_t& word : pool_) word = mix(word, hash(words[i]));
}

std::vector<uint32_t> SeedSequence::generate_state(size_t words) const {
  std::vector<uint32_t> state(words);
  uint32_t constant = 0x8b51f9ddu;
  for (size_t i = 0; i < words; ++i) {
    uint32_t value = pool_[i % pool_.size()] ^ constant;
    constant *= 0x58f38dedu;
    value *= constant;
    state[i] = value ^ value >> 16;
  }
  return state;
}

}  // namespace pentimento
