// Naming the inputs and outputs of a network while it is described.
#pragma once

#include <memory>
#include <string>

#include "base/tensor.h"
#include "nn/weights.h"
#include "openvino/core/model.hpp"
#include "openvino/core/type/element_type.hpp"
#include "openvino/op/parameter.hpp"
#include "openvino/op/result.hpp"

namespace pentimento::models {

// Part of the compile cache's key: raise it whenever any network here is described differently.
constexpr int kGraphVersion = 2;

class GraphInputs {
 public:
  nn::Node add(const std::string& name, const Shape& shape,
               ov::element::Type type = ov::element::f32);

 private:
  friend std::shared_ptr<ov::Model> make_model(const std::string&, const GraphInputs&,
                                               const class GraphOutputs&);
  ov::ParameterVector parameters_;
};

class GraphOutputs {
 public:
  void add(const std::string& name, const nn::Node& value);

 private:
  friend std::shared_ptr<ov::Model> make_model(const std::string&, const GraphInputs&,
                                               const GraphOutputs&);
  ov::ResultVector results_;
};

std::shared_ptr<ov::Model> make_model(const std::string& name, const GraphInputs& inputs,
                                      const GraphOutputs& outputs);

}  // namespace pentimento::models
