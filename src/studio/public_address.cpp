// Which addresses belong to the public internet: IANA's special-purpose registries
// (https://www.iana.org/assignments/iana-ipv4-special-registry, …ipv6…).
#include <arpa/inet.h>

#include <array>
#include <cstring>

#include "studio/web_client.h"

namespace pentimento {
namespace {

struct Block {
  const char* network;
  int bits;
};

constexpr std::array kSpecialV4 = {
    Block{"0.0.0.0", 8},      Block{"10.0.0.0", 8},     Block{"100.64.0.0", 10},
    Block{"127.0.0.0", 8},    Block{"169.254.0.0", 16}, Block{"172.16.0.0", 12},
    Block{"192.0.0.0", 24},   Block{"192.0.2.0", 24},   Block{"192.88.99.0", 24},
    Block{"192.168.0.0", 16}, Block{"198.18.0.0", 15},  Block{"198.51.100.0", 24},
    Block{"203.0.113.0", 24}, Block{"224.0.0.0", 4},    Block{"240.0.0.0", 4}};
constexpr std::array kSpecialV6 = {
    Block{"::", 128},   Block{"::1", 128},   Block{"64:ff9b:1::", 48},
    Block{"100::", 64}, Block{"2001::", 23}, Block{"2001:db8::", 32},
    Block{"fc00::", 7}, Block{"fe80::", 9},  Block{"ff00::", 8}};

template <size_t N>
bool inside(const std::array<unsigned char, N>& address, const Block& block) {
  std::array<unsigned char, N> network{};
  if (::inet_pton(N == 4 ? AF_INET : AF_INET6, block.network, network.data()) != 1) return false;
  for (int bit = 0; bit < block.bits; ++bit) {
    const auto mask = static_cast<unsigned char>(0x80 >> (bit % 8));
    const auto byte = static_cast<size_t>(bit / 8);
    if ((address[byte] & mask) != (network[byte] & mask)) return false;
  }
  return true;
}

bool is_public_v4(const std::array<unsigned char, 4>& address) {
  for (const Block& block : kSpecialV4)
    if (inside(address, block)) return false;
  return true;
}

bool is_public_v6(const std::array<unsigned char, 16>& address) {
  const auto v4_at = [&](size_t offset) {
    std::array<unsigned char, 4> v4{};
    std::memcpy(v4.data(), address.data() + offset, 4);
    return v4;
  };
  if (inside(address, {"::ffff:0:0", 96}) || inside(address, {"64:ff9b::", 96}) ||
      inside(address, {"::", 96}))
    return is_public_v4(v4_at(12));
  if (inside(address, {"2002::", 16})) return is_public_v4(v4_at(2));
  for (const Block& block : kSpecialV6)
    if (inside(address, block)) return false;
  return inside(address, {"2000::", 3});
}

}  // namespace

bool is_public_address(const std::string& literal) {
  std::array<unsigned char, 4> v4{};
  std::array<unsigned char, 16> v6{};
  if (::inet_pton(AF_INET, literal.c_str(), v4.data()) == 1) return is_public_v4(v4);
  if (::inet_pton(AF_INET6, literal.c_str(), v6.data()) == 1) return is_public_v6(v6);
  return false;
}

}  // namespace pentimento
