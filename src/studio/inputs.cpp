#include "studio/inputs.h"

#include "base/sha256.h"
#include "studio/coded_error.h"

namespace pentimento {

std::optional<Input> Inputs::find(const std::string& sha256) const {
  if (!is_sha256(sha256)) return std::nullopt;
  const auto lock = db_.lock();
  Statement row = db_.query(
      "SELECT name, format, width, height, bytes, created, infotext, picture FROM input WHERE "
      "sha256 = ?",
      sha256);
  if (!row.next() || !store_.has(sha256, row.text(1))) return std::nullopt;
  return Input{.sha256 = sha256,
               .name = row.text(0),
               .format = row.text(1),
               .width = static_cast<int>(row.integer(2)),
               .height = static_cast<int>(row.integer(3)),
               .bytes = row.integer(4),
               .created = row.real(5),
               .infotext = row.maybe_text(6),
               .picture = row.maybe_integer(7)};
}

bool Inputs::has(const std::string& sha256) const { return find(sha256).has_value(); }

Input Inputs::get(const std::string& sha256) const {
  if (auto input = find(sha256)) return *input;
  throw CodedError(ErrorKind::NotFound, "no_input",
                   "there is no input picture " + sha256.substr(0, 64) +
                       "; upload it first (POST /api/v1/inputs)");
}

Inputs::Added Inputs::add(std::span<const std::byte> bytes, const std::string& name,
                          std::optional<int64_t> picture) {
  const std::string sha256 = sha256_hex(bytes);
  if (auto known = find(sha256)) return {*known, /*is_new=*/false};
  const Picture decoded = decode_upload(bytes, safe_name(name), limits_);
  store_.put(bytes, decoded.format);
  const auto text = decoded.text.find("parameters");
  const std::optional<std::string> infotext =
      text == decoded.text.end() ? std::nullopt : std::optional(text->second);
  const auto lock = db_.lock();
  db_.run(
      "INSERT INTO input (sha256, name, format, width, height, bytes, created, infotext, picture) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (sha256) DO NOTHING",
      sha256, safe_name(name), decoded.format, decoded.image.width, decoded.image.height,
      static_cast<int64_t>(bytes.size()), clock_(), infotext, picture);
  return {get(sha256), /*is_new=*/true};
}

}  // namespace pentimento
