// Pictures and what is known of them as one zip (libzip).
#pragma once

#include <filesystem>
#include <vector>

#include "studio/gallery.h"

namespace pentimento {

enum class Metadata { Keep, Strip };

// Writes `zip`: the files, named "0001-seed.png", and metadata.json with `descriptions` beside each
// file's name. Strip leaves out both what the files say and metadata.json. Throws Io.
void export_zip(const std::filesystem::path& zip, const Gallery& gallery,
                const std::vector<GalleryPicture>& pictures, const std::vector<Json>& descriptions,
                Metadata metadata, const std::filesystem::path& cache);

}  // namespace pentimento
