#include "models/graph.h"

namespace pentimento::models {

nn::Node GraphInputs::add(const std::string& name, const Shape& shape, ov::element::Type type) {
  auto parameter =
      std::make_shared<ov::op::v0::Parameter>(type, ov::Shape(shape.begin(), shape.end()));
  parameter->set_friendly_name(name);
  parameter->get_output_tensor(0).set_names({name});
  parameters_.push_back(parameter);
  return parameter;
}

void GraphOutputs::add(const std::string& name, const nn::Node& value) {
  auto result = std::make_shared<ov::op::v0::Result>(value);
  result->get_output_tensor(0).add_names({name});
  results_.push_back(result);
}

std::shared_ptr<ov::Model> make_model(const std::string& name, const GraphInputs& inputs,
                                      const GraphOutputs& outputs) {
  return std::make_shared<ov::Model>(outputs.results_, inputs.parameters_, name);
}

}  // namespace pentimento::models
