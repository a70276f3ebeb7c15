// The job describe.
#pragma once

#include <filesystem>
#include <memory>

#include "pipelines/add_ons.h"
#include "studio/job_runner.h"
#include "studio/model_catalog.h"

namespace pentimento {

// What looks at pictures besides measuring; all empty: nothing does.
struct DescribeTools {
  std::shared_ptr<ModelCatalog> catalog;
  std::shared_ptr<AddOns> add_ons;  // used on the computing thread only
  std::filesystem::path terms;      // the table of words
  std::filesystem::path cache;      // keeps their vectors
};

std::unique_ptr<JobRunner> make_describe_runner(DescribeTools tools = {});

}  // namespace pentimento
