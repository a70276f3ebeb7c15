// QR codes (libqrencode) that carry a pairing address to a phone.
#pragma once

#include <string>

#include "studio/fields.h"

namespace pentimento {

Json qr_code(const std::string& text);                 // {"size", "rows": ["1011…"]}, 1 = dark
std::string qr_for_terminal(const std::string& text);  // half blocks, for light-on-dark terminals

}  // namespace pentimento
