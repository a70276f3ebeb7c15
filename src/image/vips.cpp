#include "image/vips.h"

#include <mutex>

#include "base/error.h"

namespace pentimento {
namespace {

constexpr const char* kLoaders[] = {"VipsForeignLoadPng",   "VipsForeignLoadJpeg",
                                    "VipsForeignLoadWebp",  "VipsForeignLoadTiff",
                                    "VipsForeignLoadNsgif", "VipsForeignLoadHeif"};

void ignore_log(const gchar*, GLogLevelFlags, const gchar*, gpointer) {}

void start() {
  if (VIPS_INIT("pentimento") != 0) {
    throw Error(ErrorKind::Internal, "libvips does not start: " + take_vips_error());
  }
  vips_concurrency_set(1);
  vips_cache_set_max(0);
  vips_block_untrusted_set(TRUE);
  vips_operation_block_set("VipsForeignLoad", TRUE);
  for (const char* loader : kLoaders) vips_operation_block_set(loader, FALSE);
  // Warnings about foreign files are for nobody; what matters comes back as an error.
  g_log_set_handler("VIPS", static_cast<GLogLevelFlags>(G_LOG_LEVEL_WARNING | G_LOG_LEVEL_INFO),
                    ignore_log, nullptr);
}

}  // namespace

void start_vips() {
  static std::once_flag once;
  std::call_once(once, start);
}

std::string take_vips_error() {
  char* buffer = vips_error_buffer_copy();
  std::string error = buffer;
  g_free(buffer);
  while (!error.empty() && error.back() == '\n') error.pop_back();
  error.erase(0, error.rfind('\n') + 1);  // the last line is the reason nearest to the file
  return error.empty() ? "no reason given" : error;
}

}  // namespace pentimento
