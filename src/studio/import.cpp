// Pictures that came from elsewhere: what their metadata says becomes searchable and repeatable.
#include <algorithm>
#include <chrono>

#include "pipelines/img2img_infotext.h"
#include "studio/coded_error.h"
#include "studio/request_json.h"
#include "studio/studio.h"

namespace pentimento {

namespace fs = std::filesystem;

void fill_from_infotext(NewPicture& picture, const std::string& text) {
  const Infotext info = parse_infotext(text);
  picture.infotext = text;
  picture.prompt = info.prompt;
  picture.negative_prompt = info.negative_prompt;
  picture.model = info.get("Model").value_or("");
  picture.request = img2img_job_to_json(img2img_job_from_infotext(info));
  if (const auto seed = info.get("Seed");
      seed && seed->size() < 12 && seed->find_first_not_of("0123456789") == std::string::npos &&
      !seed->empty())
    picture.seed = std::stoll(*seed);
  picture.kind =
      info.get("Denoising strength") && !info.get("Hires upscale") ? "img2img" : "txt2img";
}

Gallery::Added Studio::import_picture(std::span<const std::byte> bytes, const std::string& name,
                                      std::optional<double> created) {
  const Picture decoded = decode_upload(bytes, safe_name(name), options_.picture_limits);
  NewPicture picture;
  picture.kind = "import";
  if (const auto text = decoded.text.find("parameters"); text != decoded.text.end())
    fill_from_infotext(picture, text->second);
  picture.file_bytes.assign(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  picture.format = decoded.format;
  picture.width = decoded.image.width;
  picture.height = decoded.image.height;
  picture.created = created;
  Gallery::Added added = gallery.add(picture);
  if (added.is_new) on.picture(added.picture);
  return added;
}

namespace {

struct Found {
  fs::path path;
  double time;
};

double modified(const fs::path& path) {
  std::error_code error;
  const auto time = fs::last_write_time(path, error);
  if (error) return 0;
  return std::chrono::duration<double>(std::chrono::file_clock::to_sys(time).time_since_epoch())
      .count();
}

std::vector<Found> pictures_under(const fs::path& folder) {
  std::vector<Found> found;
  std::error_code error;
  const auto options = fs::directory_options::skip_permission_denied;
  for (fs::recursive_directory_iterator at(folder, options, error), end; !error && at != end;
       at.increment(error)) {
    const fs::directory_entry& entry = *at;
    std::error_code unreadable;
    std::string extension = entry.path().extension().string();
    std::transform(extension.begin(), extension.end(), extension.begin(),
                   [](unsigned char c) { return std::tolower(c); });
    if (extension != ".png" && extension != ".jpg" && extension != ".jpeg" && extension != ".webp")
      continue;
    if (entry.is_regular_file(unreadable)) found.push_back({entry.path(), modified(entry.path())});
  }
  std::sort(found.begin(), found.end(), [](const Found& a, const Found& b) {
    return std::tie(a.time, a.path) < std::tie(b.time, b.path);
  });
  return found;
}

}  // namespace

ImportReport import_folder(Studio& studio, const fs::path& folder, const Progress& progress) {
  if (!fs::is_directory(folder))
    throw CodedError(ErrorKind::NotFound, "not_found", folder.string() + ": is not a folder");
  const auto found = pictures_under(folder);
  ImportReport report;
  for (size_t i = 0; i < found.size(); ++i) {
    progress.at("import", static_cast<int>(i), static_cast<int>(found.size()));
    try {
      std::error_code error;
      const auto size = fs::file_size(found[i].path, error);
      const auto limit = static_cast<uintmax_t>(studio.options().picture_limits.max_bytes);
      if (!error && size > limit)
        throw CodedError(ErrorKind::InvalidArgument, "too_large",
                         found[i].path.filename().string() + ": is " + std::to_string(size >> 20) +
                             " MiB, at most " + std::to_string(limit >> 20) + " are taken");
      const std::string bytes = read_whole_file(found[i].path);
      const auto added =
          studio.import_picture(as_bytes(bytes), found[i].path.filename().string(), found[i].time);
      ++(added.is_new ? report.added : report.known);
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::Io || error.kind() == ErrorKind::Cancelled) throw;
      ++report.refused;
      if (report.problems.size() < 20) report.problems.push_back(error.what());
    }
  }
  progress.at("import", static_cast<int>(found.size()), static_cast<int>(found.size()));
  return report;
}

}  // namespace pentimento
