// Addresses and the names in Host headers.
#pragma once

#include <string>

namespace pentimento {

bool is_loopback(const std::string& address);
bool is_address_literal(const std::string& host);  // an IP literal needs no allow-list
std::string host_without_port(const std::string& host);

}  // namespace pentimento
