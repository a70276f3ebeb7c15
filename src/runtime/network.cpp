#include <chrono>
#include <cstring>

#include "base/error.h"
#include "runtime/runtime_impl.h"

namespace pentimento {
namespace {

// How often a run in progress looks whether it was cancelled.
constexpr std::chrono::milliseconds kPoll{20};

void check_size(const std::string& name, size_t found, size_t expected) {
  if (found != expected)
    throw Error(ErrorKind::Internal, "input '" + name + "' has " + std::to_string(found) +
                                         " values, the network expects " +
                                         std::to_string(expected));
}

}  // namespace

Network::Network(ov::CompiledModel compiled, std::shared_ptr<const void> keep_alive)
    : keep_alive_(std::move(keep_alive)),
      compiled_(std::move(compiled)),
      request_(compiled_.create_infer_request()) {}

void Network::set(const std::string& name, const Tensor& values) {
  const std::span<float> target = input(name);
  check_size(name, values.size(), target.size());
  std::copy(values.data.begin(), values.data.end(), target.begin());
}

void Network::set(const std::string& name, std::span<const int64_t> values) {
  ov::Tensor tensor = request_.get_tensor(name);
  check_size(name, values.size(), tensor.get_size());
  std::copy(values.begin(), values.end(), tensor.data<int64_t>());
}

std::span<float> Network::input(const std::string& name) {
  ov::Tensor tensor = request_.get_tensor(name);
  return {tensor.data<float>(), tensor.get_size()};
}

bool Network::has_input(const std::string& name) const {
  for (const auto& port : compiled_.inputs())
    if (port.get_names().count(name)) return true;
  return false;
}

void Network::run(const Progress& progress) {
  progress.cancel.throw_if_cancelled();
  try {
    request_.start_async();
    while (!request_.wait_for(kPoll)) {
      if (!progress.cancel.cancelled()) continue;
      request_.cancel();
      try {
        request_.wait();
      } catch (const ov::Exception&) {  // ov::Cancelled
      }
      progress.cancel.throw_if_cancelled();
    }
  } catch (const ov::Exception& e) {
    throw Error(ErrorKind::Internal, std::string("the network failed: ") + e.what());
  }
}

Tensor Network::output(const std::string& name) const {
  const ov::Tensor tensor = const_cast<ov::InferRequest&>(request_).get_tensor(name);
  const ov::Shape& shape = tensor.get_shape();
  Tensor result(Shape(shape.begin(), shape.end()));
  std::copy_n(tensor.data<const float>(), result.size(), result.data.begin());
  return result;
}

std::vector<std::string> Network::output_names() const {
  std::vector<std::string> names;
  for (const auto& port : compiled_.outputs()) names.push_back(port.get_any_name());
  return names;
}

}  // namespace pentimento
