// The tables of studio.sqlite, one migration after another. A migration that has been released is
// never edited: add the next.
#pragma once

#include <span>

namespace pentimento {

std::span<const char* const> studio_migrations();

}  // namespace pentimento
